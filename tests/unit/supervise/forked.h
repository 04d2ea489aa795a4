// Runs part of a test in a forked child, which may change its signals and descriptors or die.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace pyfault {

// Returns the child's wait status. The return value of `body` is the child's exit code.
template <typename Body>
int run_forked(Body body) {
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid == 0) {
    try {
      ::_exit(body());
    } catch (...) {
      ::_exit(99);
    }
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

// Returns whether `body` returned true in the child.
template <typename Body>
bool holds_in_fork(Body body) {
  const int status = run_forked([&] { return body() ? 0 : 1; });
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace pyfault
