#include "watchdog/format/severity.h"

namespace pyfault {
namespace {

struct SeverityOfBody {
  template <typename Body>
  Severity operator()(const Body&) const {
    return Body::kKind.severity;
  }

  Severity operator()(const Crash& crash) const {
    if (crash.became_exception) return Severity::kError;
    if (crash.kind == CrashKind::kCrash) return kCrashKind.severity;
    return crash.requested_by ? Severity::kWarning : kDumpKind.severity;
  }

  Severity operator()(const ExitEvent& exit) const {
    const bool given_up = exit.after && exit.after->decision == AfterExit::Decision::kGiveUp;
    const bool failed =
        exit.reason == ExitReason::kOomKilled || exit.reason == ExitReason::kStartFailed;
    if (given_up || failed) return Severity::kError;
    const bool expected = exit.reason == ExitReason::kStopped || exit.code == 0;
    return expected ? Severity::kInformation : exit.kKind.severity;
  }

  Severity operator()(const UnwatchedEvent& unwatched) const {
    const bool is_python = unwatched.why.reason != UnwatchedReason::kNotPython;
    return is_python ? unwatched.kKind.severity : Severity::kInformation;
  }
};

}  // namespace

Severity severity_of(const Event& event) {
  return std::visit(SeverityOfBody{}, event.body);
}

}  // namespace pyfault
