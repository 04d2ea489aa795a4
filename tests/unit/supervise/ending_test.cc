#include "watchdog/supervise/ending.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/unit/supervise/forked.h"

namespace pyfault {
namespace {

int status_after(int wait_status) {
  return run_forked([wait_status]() -> int { end_as(wait_status); });
}

TEST(EndAsTest, EveryExitCodeIsPassedOn) {
  for (int code = 0; code < 256; ++code) EXPECT_EQ(status_after(code << 8), code << 8);
}

TEST(EndAsTest, EverySignalThatKillsIsDiedOf) {
  for (int signal = 1; signal <= 64; ++signal) {
    // Those that stop, continue or do nothing by default kill nobody.
    if ((signal >= 17 && signal <= 23) || signal == SIGWINCH) continue;
    EXPECT_EQ(status_after(signal), signal);
  }
}

TEST(EndAsTest, TheCoreDumpIsTheProgramsAlone) {
  constexpr int kCoreDumped = 0x80;
  EXPECT_EQ(status_after(SIGSEGV | kCoreDumped), SIGSEGV);
}

TEST(EndAsTest, ABlockedAndIgnoredSignalKillsAllTheSame) {
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
