// One short run of a program: under the real watching, or beside it as it would run alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

struct TrialPlan {
  std::string path;               // of the file to execute
  std::vector<std::string> argv;  // argv[0] as the user wrote it
  std::string agent;              // to be loaded into it; empty: it runs unwatched
};

struct Trial {
  int pid = 0;
  std::vector<Event> events;       // crashes, dumps and notices
  std::string output;              // of stdout and stderr, its first 64 KiB
  std::optional<int> wait_status;  // none: it did not end in time and was killed
};

// What a trial may take, a slow machine's start of an interpreter included.
inline constexpr int kTrialSeconds = 60;

// With /dev/null for stdin. Leaves no core dump. Throws StartError when the program can't be
// executed, std::system_error when the watching can't be set up.
Trial run_trial(const TrialPlan& plan);

}  // namespace pyfault
