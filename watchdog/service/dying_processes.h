// Processes that were killed, until they are dead. SIGKILL only begins that: a process that holds
// much memory is taken down for a while yet, and keeps its sockets and locks until the end.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/timer.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

class DyingProcesses {
 public:
  // With the numbers of those that still live; none: all are dead.
  using Done = std::function<void(const std::vector<int>& living)>;

  // Calls `done` once, from the loop, when the processes behind all of `pidfds` (at least one) are
  // dead, or when `patience` is over: one that sleeps in the kernel may never die. `done` may
  // destroy this, and is not called after its destruction. Throws std::system_error.
  DyingProcesses(boost::asio::io_context& io, std::vector<UniqueFd> pidfds,
                 std::chrono::milliseconds patience, Done done);
  ~DyingProcesses();
  DyingProcesses(const DyingProcesses&) = delete;
  DyingProcesses& operator=(const DyingProcesses&) = delete;

 private:
  void look_at_next();
  void finish();

  std::vector<std::unique_ptr<ReadableFd>> waiting_;  // for the last one first
  Timer patience_;
  Done done_;
};

}  // namespace pyfault
