// Facts about an environment -> what stands in the way of reports there, with advice. Pure.
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
  std::string interpreter;  // path of the file
  ProgramFile file;
  std::string agent;                  // path of its library
  bool agent_on_noexec = false;       // its file system forbids to map it executable
  bool memfd = true;                  // memfd_create(2) works
  std::optional<int> ptrace_scope;    // of yama; none: there is no yama
  rlim_t open_files = RLIM_INFINITY;  // soft limits
  rlim_t address_space = RLIM_INFINITY;
  rlim_t file_size = RLIM_INFINITY;
  rlim_t stack = 0;
  std::string other_preload;           // what LD_PRELOAD holds already
  std::optional<Survey> alone;         // of the interpreter as it runs without us
  std::optional<Survey> watched;       // and with us
  std::string loader_complaint;        // see survey.h
  std::vector<std::string> notices;    // of the watching
  std::optional<Unwatched> unwatched;  // what the agent said
};

struct Finding {
  enum class Weight { kObstacle, kNote };

  Weight weight;
  std::string what;    // escaped
  std::string advice;  // empty: there is nothing to do
};

// Obstacles first.
std::vector<Finding> diagnose(const Facts& facts);

}  // namespace pyfault
