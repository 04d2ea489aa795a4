#include "watchdog/supervise/ending.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/supervise/forked.h"
#include "tests/unit/supervise/temporary_files.h"

namespace pyfault {
namespace {

int status_after(int wait_status) {
  return run_forked([wait_status]() -> int { end_as(wait_status); });
}

TEST(EndAsTest, every_exit_code_is_passed_on) {
  for (int code = 0; code < 256; ++code) EXPECT_EQ(status_after(code << 8), code << 8);
}

TEST(EndAsTest, every_signal_that_kills_is_died_of) {
  for (int signal = 1; signal <= 64; ++signal) {
    // These signals stop the process, continue it or are ignored by default, so they cannot end it.
    if ((signal >= 17 && signal <= 23) || signal == SIGWINCH) continue;
    EXPECT_EQ(status_after(signal), signal);
  }
}

TEST(EndAsTest, the_core_dump_is_the_programs_alone) {
  const TemporaryFiles files;
  const int status = run_forked([&]() -> int {
    std::filesystem::current_path(files.directory());
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    core.rlim_cur = core.rlim_max;
    ::setrlimit(RLIMIT_CORE, &core);
    constexpr int kCoreDumped = 0x80;
    end_as(SIGSEGV | kCoreDumped);
  });
  EXPECT_EQ(status, SIGSEGV);
}

TEST(EndAsTest, a_blocked_and_ignored_signal_kills_all_the_same) {
  const int status = run_forked([]() -> int {
    ::signal(SIGTERM, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    end_as(SIGTERM);
  });
  EXPECT_EQ(status, SIGTERM);
}

}  // namespace
}  // namespace pyfault
