// Selects the events that a log takes. A plain value.
#pragma once

#include <string>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

struct EventFilter {
  std::vector<EventKind> events;     // empty: all
  std::vector<std::string> workers;  // empty: all, and events about no worker

  // Matches workers by name; "web" also matches its instances "web#1", "web#2" and so on.
  bool passes(const Event& event) const;

  bool operator==(const EventFilter&) const = default;
};

}  // namespace pyfault
