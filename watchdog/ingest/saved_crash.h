// A crash that may be asked for (recent_crashes.h), as plain values for the watchdog that takes
// over.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

namespace pyfault {

struct RecentLimits {
  std::size_t crashes = 64;
  std::size_t bytes = std::size_t{4} << 20;  // approximate, and without the last crash
};

struct SavedCrash {
  std::string id;
  int pid = 0;
  std::optional<uid_t> uid;  // none: unknown
  bool is_confirmed = true;  // the pid
  std::string event;         // as it is told: JSON
  std::string report;        // and text
};

}  // namespace pyfault
