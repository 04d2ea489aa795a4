#include "watchdog/ingest/process_end.h"

#include <time.h>
#include <unistd.h>

#include "watchdog/enrich/process_info.h"
#include "watchdog/event/wait_status.h"
#include "watchdog/os/pidfd.h"

namespace pyfault {
namespace {

double seconds_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

ExitEvent unknown_exit() {
  ExitEvent exit;
  exit.reason = ExitReason::kUnknown;
  exit.detail = "its parent took the status";
  return exit;
}

}  // namespace

// The kernel reports the status once the parent has reaped the process, /proc until then; the
// second ioctl covers a race between the two.
std::optional<int> wait_status_of_dead(int pid, int pidfd, std::uint64_t start_ticks) {
  if (const auto status = wait_status_of(pidfd)) return status;
  const auto status = zombie_wait_status(pid);
  return status && is_still(pid, start_ticks) ? status : wait_status_of(pidfd);
}

void refresh(Process& process, std::uint64_t start_ticks) {
  const auto now = read_process_stat(process.pid);
  if (!now || now->start_ticks != start_ticks) return;
  process.name = now->name;
  process.ppid = now->ppid;
}

std::optional<double> seconds_since(std::uint64_t start_ticks) {
  if (start_ticks == 0) return std::nullopt;
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return seconds_since_boot() - static_cast<double>(start_ticks) / ticks_per_second;
}

ExitEvent exit_of_one_below(std::optional<int> wait_status, std::optional<double> uptime_seconds) {
  ExitEvent exit = wait_status ? exit_of(*wait_status) : unknown_exit();
  exit.is_below = true;
  exit.uptime_seconds = uptime_seconds;
  return exit;
}

}  // namespace pyfault
