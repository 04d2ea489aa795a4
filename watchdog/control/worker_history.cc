#include "watchdog/control/worker_history.h"

#include <algorithm>

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/worker_text.h"

namespace pyfault {

void WorkerHistory::note(const Event& event) {
  if (!event.worker) return;
  if (const auto* exit = std::get_if<ExitEvent>(&event.body); exit && !exit->is_below) {
    pasts_[*event.worker].last_exit =
        LastExit{event.realtime_ns,
                 exit->code,
                 exit->signal ? signal_name(*exit->signal) : "",
                 exit->reason,
                 exception_after("", event.last_output),
                 event.last_output ? last_lines(event.last_output->tail) : ""};
  }
  const auto* crash = std::get_if<Crash>(&event.body);
  if (crash && crash->kind == CrashKind::kCrash) {
    pasts_[*event.worker].last_crash = LastCrash{event.realtime_ns, crash->id, crash->signal.name};
  }
}

void WorkerHistory::keep_only(const std::vector<std::string>& workers) {
  std::erase_if(pasts_, [&](const auto& past) {
    return std::ranges::find(workers, past.first) == workers.end();
  });
}

const WorkerHistory::Past& WorkerHistory::of(const std::string& worker) const {
  static const Past kNone;
  const auto found = pasts_.find(worker);
  return found == pasts_.end() ? kNone : found->second;
}

}  // namespace pyfault
