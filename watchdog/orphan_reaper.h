// Reaps orphans. PID 1 of a PID namespace and a subreaper inherit every process that loses its
// parent. If they do not reap it, it stays a zombie for as long as they live.
#pragma once

#include <sys/types.h>

#include <optional>

#include "watchdog/loop/readable_fd.h"
#include "watchdog/loop/timer.h"

namespace pyfault {

class OrphanReaper {
 public:
  // Does nothing in a process that inherits no orphans. `program` is never reaped here: the caller
  // waits for it. SIGCHLD must be blocked in every thread.
  OrphanReaper(boost::asio::io_context& io, pid_t program);

 private:
  void on_death();
  void reap();

  pid_t program_;
  Timer moment_;
  std::optional<ReadableFd> deaths_;
};

}  // namespace pyfault
