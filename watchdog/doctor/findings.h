// Derives from facts about an environment what prevents reports there, with advice. No side
// effects.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>
#include <vector>

#include "watchdog/doctor/survey.h"
#include "watchdog/event/unwatched.h"
#include "watchdog/os/program_file.h"

namespace pyfault {

struct Facts {
  std::string interpreter;  // path of the executable file
  ProgramFile file;
  std::string agent;                  // path of its library
  bool agent_on_noexec = false;       // its file system does not allow executable mappings
  bool memfd = true;                  // memfd_create(2) works
  std::optional<int> ptrace_scope;    // Yama's setting; nullopt: no Yama
  rlim_t open_files = RLIM_INFINITY;  // soft limits
  rlim_t address_space = RLIM_INFINITY;
  rlim_t file_size = RLIM_INFINITY;
  rlim_t stack = 0;
  std::string other_preload;           // previous content of LD_PRELOAD
  std::optional<Survey> alone;         // of the interpreter running unwatched
  std::optional<Survey> watched;       // and of it running watched
  std::string loader_complaint;        // see survey.h
  std::vector<std::string> notices;    // from the watching itself
  std::optional<Unwatched> unwatched;  // the agent's reason not to attach
};

struct Finding {
  enum class Weight { kObstacle, kNote };

  Weight weight;
  std::string what;    // escaped
  std::string advice;  // empty: nothing to do
};

// Returns the findings, obstacles first.
std::vector<Finding> findings_about(const Facts& facts);

}  // namespace pyfault
