// The kinds of events, by the names that JSON, filters and logs have for them.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

#include "watchdog/event/event.h"

namespace pyfault {

enum class EventKind {
  kStart,
  kReady,
  kRestart,
  kCrash,
  kDump,
  kExit,
  kCrashLoop,
  kRecovered,
  kHandlerReplaced,
  kUnwatched,
  kNotice,
};

// By enumerator; the JSON events' own.
inline constexpr std::array<std::string_view, 11> kEventKindNames = {
    "start",      "ready",     "restart",          "crash",     "dump",  "exit",
    "crash-loop", "recovered", "handler-replaced", "unwatched", "notice"};

constexpr std::string_view name_of(EventKind kind) {
  return kEventKindNames[static_cast<std::size_t>(kind)];
}

struct EventKindOfBody {
  EventKind operator()(const StartEvent&) const { return EventKind::kStart; }
  EventKind operator()(const ReadyEvent&) const { return EventKind::kReady; }
  EventKind operator()(const RestartEvent&) const { return EventKind::kRestart; }
  EventKind operator()(const Crash& crash) const {
    return crash.kind == CrashKind::kDump ? EventKind::kDump : EventKind::kCrash;
  }
  EventKind operator()(const ExitEvent&) const { return EventKind::kExit; }
  EventKind operator()(const CrashLoopEvent&) const { return EventKind::kCrashLoop; }
  EventKind operator()(const RecoveredEvent&) const { return EventKind::kRecovered; }
  EventKind operator()(const HandlerReplacedEvent&) const { return EventKind::kHandlerReplaced; }
  EventKind operator()(const UnwatchedEvent&) const { return EventKind::kUnwatched; }
  EventKind operator()(const NoticeEvent&) const { return EventKind::kNotice; }
};

inline EventKind kind_of(const Event& event) {
  return std::visit(EventKindOfBody{}, event.body);
}

}  // namespace pyfault
