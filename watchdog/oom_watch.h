// Keeps the OOM kill count of the program's cgroup up to date. While the program lives, OOM kills
// there hit other processes; they are counted now, so a later SIGKILL of the program is not taken
// for an OOM kill. Sleeps until the kernel reports a change of the cgroup's events.
#pragma once

#include <sys/types.h>

#include <optional>

#include "watchdog/loop/readable_fd.h"
#include "watchdog/loop/timer.h"
#include "watchdog/supervise/oom_kills.h"

namespace pyfault {

class OomWatch {
 public:
  // `kills` must outlive this object, and `program` must not be reaped before it is destroyed.
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
