#include "watchdog/control/worker_history.h"

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/worker_text.h"

namespace pyfault {

void WorkerHistory::on_event(const Event& event) {
  const auto* exit = std::get_if<ExitEvent>(&event.body);
  if (exit && !exit->is_below) {
    ++exits[std::string(name_of(exit->reason))];
    last_exit = LastExit{event.realtime_ns,
                         exit->code,
                         exit->signal ? signal_name(*exit->signal) : "",
                         std::string(name_of(exit->reason)),
                         exception_after("", event.last_output),
                         event.last_output ? last_lines(event.last_output->tail) : ""};
  }
  const auto* crash = std::get_if<Crash>(&event.body);
  if (crash && crash->kind == CrashKind::kCrash) {
    ++crashes[crash->signal.name];
    last_crash = LastCrash{event.realtime_ns, crash->id, crash->signal.name};
  }
  if (const auto* found = std::get_if<UnwatchedEvent>(&event.body)) {
    ++unwatched[std::string(name_of(found->why.reason))];
  }
}

}  // namespace pyfault
