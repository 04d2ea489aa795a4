#include "watchdog/event/event.h"

namespace pyfault {
namespace {

template <typename Body>
constexpr const EventKind& kKindOf = Body::kKind;
template <>
constexpr const EventKind& kKindOf<Crash> = kCrashKind;

template <typename... Bodies>
std::vector<EventKind> kinds_of(const std::variant<Bodies...>&) {
  return {kKindOf<Bodies>..., kDumpKind};
}

struct KindOfBody {
  template <typename Body>
  const EventKind& operator()(const Body&) const {
    return kKindOf<Body>;
  }

  const EventKind& operator()(const Crash& crash) const {
    return crash.kind == CrashKind::kDump ? kDumpKind : kCrashKind;
  }
};

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

const EventKind& kind_of(const Event& event) {
  return std::visit(KindOfBody{}, event.body);
}

const std::vector<EventKind>& event_kinds() {
  static const std::vector<EventKind> kKinds = kinds_of(decltype(Event::body){});
  return kKinds;
}

}  // namespace pyfault
