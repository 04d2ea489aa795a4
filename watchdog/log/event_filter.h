// Which events a log takes. A plain value.
#pragma once

#include <string>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

struct EventFilter {
  std::vector<EventKind> events;     // empty: all
  std::vector<std::string> workers;  // empty: all, and what is about no worker

  // A worker is meant by its name; "web" means "web#1", "web#2" and so on too.
  bool passes(const Event& event) const;

  bool operator==(const EventFilter&) const = default;
};

}  // namespace pyfault
