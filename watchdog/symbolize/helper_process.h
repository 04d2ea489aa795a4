// A program that the watchdog runs for a while for work of its own.
#pragma once

#include <signal.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "watchdog/supervise/child_process.h"

namespace pyfault {

// The running program. It is killed and reaped when this object is destroyed.
class HelperProcess {
 public:
  using Clock = std::chrono::steady_clock;

  // `argv` begins with the name or path of the program. `streams`: descriptors for its stdin,
  // stdout and stderr; -1: /dev/null. Its environment is empty. It ignores what a terminal sends to
  // all processes on it. Throws StartError.
  HelperProcess(std::vector<std::string> argv, std::array<int, 3> streams);
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;
  ~HelperProcess() { end(Clock::now()); }

  // Gives it until `limit` to end by itself. Returns how it ended, as far as that is known.
  // A process that waits for a disk cannot be killed before that is over; it is not waited for.
  siginfo_t end(Clock::time_point limit);

 private:
  ChildProcess process_;
  bool has_ended_ = false;
};

}  // namespace pyfault
