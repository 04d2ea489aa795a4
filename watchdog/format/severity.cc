#include "watchdog/format/severity.h"

#include "watchdog/event/event_kind.h"

namespace pyfault {
namespace {

Severity severity_of(const ExitEvent& exit) {
  const bool given_up = exit.after && exit.after->decision == AfterExit::Decision::kGiveUp;
  if (given_up || exit.reason == kOomKilled || exit.reason == kStartFailed) return Severity::kError;
  if (exit.reason == kWasStopped || exit.code == 0) return Severity::kInformation;
  return Severity::kWarning;
}

Severity severity_of(const UnwatchedEvent& unwatched) {
  return unwatched.why.reason == UnwatchedReason::kNotPython ? Severity::kInformation
                                                             : Severity::kWarning;
}

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "critical";
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kNotice:
      return "notice";
    case Severity::kInformation:
      break;
  }
  return "info";
}

Severity severity_of(const Event& event) {
  switch (kind_of(event)) {
    case EventKind::kCrash:
    case EventKind::kCrashLoop:
      return Severity::kCritical;
    case EventKind::kExit:
      return severity_of(std::get<ExitEvent>(event.body));
    case EventKind::kUnwatched:
      return severity_of(std::get<UnwatchedEvent>(event.body));
    case EventKind::kNotice:
    case EventKind::kHandlerReplaced:
      return Severity::kWarning;
    case EventKind::kDump:
      return std::get<Crash>(event.body).requested_by ? Severity::kWarning : Severity::kNotice;
    case EventKind::kRestart:
    case EventKind::kRecovered:
      return Severity::kNotice;
    case EventKind::kStart:
    case EventKind::kReady:
      break;
  }
  return Severity::kInformation;
}

}  // namespace pyfault
