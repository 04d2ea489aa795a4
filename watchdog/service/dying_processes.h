// Waits for killed processes to be dead. SIGKILL only begins that: the kernel may need a while to
// tear down a process with much memory, and its sockets and locks stay in use until the end.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "watchdog/loop/readable_fd.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

class DyingProcesses {
 public:
  // `living` has the PIDs of the processes that are still alive; empty: all are dead.
  using Done = std::function<void(const std::vector<int>& living)>;

  // Calls `done` once, from the event loop, when the processes behind all of `pidfds` (at least
  // one) are dead, or after `patience`: a process in uninterruptible sleep may never die. `done`
  // may destroy this object, and is not called after its destruction. Throws std::system_error.
  DyingProcesses(boost::asio::io_context& io, std::vector<UniqueFd> pidfds,
                 std::chrono::milliseconds patience, Done done);
  DyingProcesses(const DyingProcesses&) = delete;
  DyingProcesses& operator=(const DyingProcesses&) = delete;

 private:
  void await_next();
  void finish();

  std::vector<ReadableFd> waiting_;  // awaited one by one, from the back
  Timer patience_;
  Done done_;
};

}  // namespace pyfault
