// With a made-up /proc: a process counts as dying from the moment when nothing can stop its death.
#include "watchdog/supervise/dying_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/supervise/temporary_files.h"

namespace pyfault {
namespace {

constexpr pid_t kPid = 100;

class DyingProcessTest : public testing::Test {
 protected:
  DyingProcessTest() {
    std::filesystem::create_directories(files_.directory() + "/proc/100");
    has_flags("4194304");
    has_pending("0000000000000000", "0000000000000000");
  }

  void has_flags(const std::string& flags, const std::string& name = "python3") const {
    files_.plain("proc/100/stat", "100 (" + name + ") R 1 1 1 0 -1 " + flags + " 4 0\n");
  }
  void has_pending(const std::string& own, const std::string& shared) const {
    files_.plain("proc/100/status",
                 "Name:\tpython3\nSigPnd:\t" + own + "\nShdPnd:\t" + shared + "\nSigBlk:\t1\n");
  }
  bool dying() const { return is_dying(kPid, files_.directory()); }

  TemporaryFiles files_;
};

TEST_F(DyingProcessTest, one_that_runs_is_not_dying) {
  EXPECT_FALSE(dying());
  EXPECT_FALSE(is_dying(::getpid()));
}

TEST_F(DyingProcessTest, a_zombie_is) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_TRUE(is_dying(child));
  ::waitpid(child, nullptr, 0);
}

TEST_F(DyingProcessTest, one_that_exits_is) {
  has_flags("4194308");
  EXPECT_TRUE(dying());
}

TEST_F(DyingProcessTest, a_name_is_not_taken_for_the_flags) {
  has_flags("4194308", "a) R 1 1 1 0 -1 0 (b");
  EXPECT_TRUE(dying());
}

TEST_F(DyingProcessTest, one_that_is_about_to_be_killed_is) {
  has_pending("0000000000000100", "0000000000000000");
  EXPECT_TRUE(dying());
  has_pending("0000000000000000", "0000000000000100");
  EXPECT_TRUE(dying());
}

TEST_F(DyingProcessTest, another_signal_that_waits_is_no_death) {
  has_pending("0000000000004000", "0000000000000002");
  EXPECT_FALSE(dying());
}

TEST_F(DyingProcessTest, of_one_that_cannot_be_read_nothing_is_known) {
  EXPECT_FALSE(is_dying(kPid + 1, files_.directory()));
}

}  // namespace
}  // namespace pyfault
