#include "watchdog/os/pidfd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>

namespace pyfault {
namespace {

// A child that has ended and has not been reaped.
pid_t zombie() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  return child;
}

TEST(Pidfd, is_closed_on_exec) {
  const UniqueFd self = open_pidfd(getpid());
  EXPECT_EQ(fcntl(self.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Pidfd, of_a_living_process_has_not_exited) {
  EXPECT_FALSE(has_exited(open_pidfd(getpid()).get()));
}

TEST(Pidfd, of_a_zombie_has_exited) {
  const pid_t child = zombie();
  EXPECT_TRUE(has_exited(open_pidfd(child).get()));
  waitpid(child, nullptr, 0);
}

TEST(Pidfd, of_nobody_is_empty) {
  const pid_t child = zombie();
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(open_pidfd(child));
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace pyfault
