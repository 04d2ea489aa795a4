// A forked child that runs a preparation and then waits until it is killed.
#pragma once

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <utility>

#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

class WaitingChild {
 public:
  // Returns once `prepare` has run in the child.
  explicit WaitingChild(const std::function<void()>& prepare = [] {}) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
    UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      ours.reset();
      prepare();
      theirs.reset();
      for (;;) pause();
    }
    alive_ = pid_ > 0;
    theirs.reset();
    char end_of_file = 0;
    (void)!::read(ours.get(), &end_of_file, 1);
  }
  ~WaitingChild() { die(); }
  WaitingChild(const WaitingChild&) = delete;
  WaitingChild& operator=(const WaitingChild&) = delete;

  pid_t pid() const { return pid_; }

  // Kills and reaps the child.
  void die() {
    if (!std::exchange(alive_, false)) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  bool alive_ = false;
};

}  // namespace pyfault::test
