// The first process of a PID namespace, and a subreaper, inherits every process that loses its
// parent, and has to wait for it when it ends: or it stays a zombie for as long as we live.
#pragma once

#include <sys/types.h>

#include <optional>

#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/timer.h"

namespace pyfault {

class OrphanReaper {
 public:
  // Does nothing where nobody's orphans come to us. `program` is left alone: somebody else waits
  // for it. SIGCHLD must be blocked in every thread.
  OrphanReaper(boost::asio::io_context& io, pid_t program);

 private:
  void on_death();
  void reap();

  pid_t program_;
  Timer moment_;
  std::optional<ReadableFd> deaths_;
};

}  // namespace pyfault
