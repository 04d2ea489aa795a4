// One short run of a program, either watched in the normal way or unwatched for comparison.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

struct TrialPlan {
  std::string path;               // of the file to execute
  std::vector<std::string> argv;  // argv[0] as given by the user
  std::string agent;              // to be preloaded; empty: run unwatched
};

struct Trial {
  int pid = 0;
  std::vector<Event> events;       // crashes, dumps and notices
  std::string output;              // the first 64 KiB of stdout and stderr
  std::optional<int> wait_status;  // nullopt: it did not end in time and was killed
};

// The time limit of a trial, which allows for the start of an interpreter on a slow machine.
inline constexpr int kTrialSeconds = 60;

// Runs the program with /dev/null as stdin and without core dumps. Throws StartError if it cannot
// be executed, std::system_error if the watching cannot be set up.
Trial run_trial(const TrialPlan& plan);

}  // namespace pyfault
