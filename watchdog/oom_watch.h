// While the program lives, OOM kills in its cgroup are those of others: this moves the count on, so
// that a SIGKILL which comes later is not taken for one. Sleeps until the kernel says that the
// cgroup's events have changed.
#pragma once

#include <sys/types.h>

#include <optional>

#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/timer.h"
#include "watchdog/supervise/oom_kills.h"

namespace pyfault {

class OomWatch {
 public:
  // `kills` outlives it; `program` is not reaped before it ends.
  OomWatch(boost::asio::io_context& io, OomKills& kills, pid_t program);

 private:
  void on_change();
  void settle_later();

  OomKills& kills_;
  pid_t program_;
  Timer moment_;
  std::optional<ReadableFd> changes_;
};

}  // namespace pyfault
