// Over a made-up /proc: a process dies from the moment that nothing can stop it.
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

TEST_F(DyingProcessTest, OneThatRunsIsNotDying) {
  EXPECT_FALSE(dying());
  EXPECT_FALSE(is_dying(::getpid()));
}

TEST_F(DyingProcessTest, AZombieIs) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_TRUE(is_dying(child));
  ::waitpid(child, nullptr, 0);
}

TEST_F(DyingProcessTest, OneThatExitsIs) {
  has_flags("4194308");
  EXPECT_TRUE(dying());
}

TEST_F(DyingProcessTest, ANameIsNotTakenForTheFlags) {
  has_flags("4194308", "a) R 1 1 1 0 -1 0 (b");
  EXPECT_TRUE(dying());
}

TEST_F(DyingProcessTest, OneThatIsAboutToBeKilledIs) {
  has_pending("0000000000000100", "0000000000000000");
  EXPECT_TRUE(dying());
  has_pending("0000000000000000", "0000000000000100");
  EXPECT_TRUE(dying());
}

TEST_F(DyingProcessTest, AnotherSignalThatWaitsIsNoDeath) {
  has_pending("0000000000004000", "0000000000000002");
  EXPECT_FALSE(dying());
}

TEST_F(DyingProcessTest, OfOneThatCannotBeReadNothingIsKnown) {
  EXPECT_FALSE(is_dying(kPid + 1, files_.directory()));
}

}  // namespace
}  // namespace pyfault
