#include "watchdog/ingest/exit_reports.h"

#include <chrono>
#include <utility>

#include "watchdog/event/wait_status.h"
#include "watchdog/ingest/process_end.h"
#include "watchdog/os/clock.h"

namespace pyfault {

void ExitReports::note_fatal(int own_pid, const Crash& crash) {
  if (causes_.size() < ProcessFamily::kMaxMembers) {
    causes_[own_pid] = Cause{crash.id, crash.signal.number};
  }
}

void ExitReports::note_told(int own_pid) {
  causes_[own_pid] = std::nullopt;
}

void ExitReports::report(const ProcessFamily::End& end, Context context) {
  const auto crash = causes_.extract(end.own_pid);
  const bool is_unremarkable = end.wait_status ? is_clean(*end.wait_status) : crash.empty();
  if (is_unremarkable && !all_) return;
  if (!admitted_.admit(std::chrono::steady_clock::now())) return;
  ExitEvent exit = exit_of_one_below(end.wait_status, end.uptime_seconds);
  exit.context = std::move(context);
  if (crash && crash.mapped() && exit.signal) {
    exit.crash_id = crash.mapped()->crash_id;
    exit.crash_signal = crash.mapped()->signal;
  }
  events_.on_event({realtime_now_ns(), "", std::nullopt, end.process, std::move(exit)});
}

}  // namespace pyfault
