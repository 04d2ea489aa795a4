// Waits for real processes that are dead already, die later, or do not die.
#include "watchdog/service/dying_processes.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>

#include "watchdog/os/pidfd.h"

namespace pyfault {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::chrono::minutes kForever{10};

class Dying : public testing::Test {
 protected:
  void TearDown() override {
    for (const int pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

  int one_that_lives() {
    const int pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    pids_.push_back(pid);
    pidfds_.push_back(open_pidfd(pid));
    return pid;
  }

  int one_that_is_dead() {
    const int pid = one_that_lives();
    ::kill(pid, SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT);
    return pid;
  }

  void await_them(milliseconds patience) {
    dying_ = std::make_unique<DyingProcesses>(io_, std::move(pidfds_), patience,
                                              [this](const std::vector<int>& living) {
                                                dying_.reset();
                                                told_.push_back(living);
                                              });
  }

  boost::asio::io_context io_;
  std::vector<int> pids_;
  std::vector<UniqueFd> pidfds_;
  std::unique_ptr<DyingProcesses> dying_;
  std::vector<std::vector<int>> told_;  // one element per call
};

TEST_F(Dying, all_that_are_dead_are_told_once) {
  one_that_is_dead();
  one_that_is_dead();
  await_them(kForever);
  EXPECT_THAT(told_, IsEmpty());
  io_.run();
  EXPECT_THAT(told_, ElementsAre(IsEmpty()));
}

TEST_F(Dying, one_that_dies_later_is_waited_for) {
  one_that_is_dead();
  const int late = one_that_lives();
  one_that_is_dead();
  await_them(kForever);
  io_.poll();
  EXPECT_THAT(told_, IsEmpty());
  ::kill(late, SIGKILL);
  io_.run();
  EXPECT_THAT(told_, ElementsAre(IsEmpty()));
}

TEST_F(Dying, one_that_does_not_die_is_named_when_patience_ends) {
  one_that_is_dead();
  const int immortal = one_that_lives();
  one_that_is_dead();
  await_them(milliseconds(1));
  io_.run();
  EXPECT_THAT(told_, ElementsAre(ElementsAre(immortal)));
}

TEST_F(Dying, nobody_is_called_after_the_destruction) {
  one_that_is_dead();
  await_them(milliseconds(0));
  dying_.reset();
  io_.run();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace pyfault
