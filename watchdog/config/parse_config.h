// The configuration file: text to values, with everything that is wrong in it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/toml/problem.h"

namespace pyfault {

// What the file alone can't tell: whether this machine has what a worker needs. Each says what is
// amiss, or nothing.
struct MachineChecks {
  using Check = std::function<std::string(const WorkerConfig&)>;

  Check program = [](const WorkerConfig&) { return ""; };
  Check directory = program;
  Check identity = program;  // user and group
};

struct ParsedConfig {
  Config config;                  // of use only when there are no problems
  std::vector<Problem> problems;  // all of them, by line
};

ParsedConfig parse_config(std::string_view text, const MachineChecks& checks = {});

// Likewise of a file; that it can't be read is a problem too.
struct LoadedConfig : ParsedConfig {
  std::string text;
};
LoadedConfig load_config(const std::string& file, const MachineChecks& checks);

}  // namespace pyfault
