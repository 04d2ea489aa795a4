// Parses the configuration file and collects all problems in it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/toml/problem.h"

namespace pyfault {

// Checks that depend on the machine: whether it has what a worker needs. Each returns the problem,
// or an empty string.
struct MachineChecks {
  using Check = std::function<std::string(const WorkerConfig&)>;

  Check program = [](const WorkerConfig&) { return ""; };
  Check directory = program;
  Check identity = program;  // user and group
};

struct ParsedConfig {
  Config config;                  // valid only if there are no problems
  std::vector<Problem> problems;  // all of them, sorted by line
};

ParsedConfig parse_config(std::string_view text, const MachineChecks& checks = {});

// Returns the worker `name` of a text that another version has found valid (WorkerConfig::text).
// What this version finds wrong with it, such as a key that it does not know, does not count: the
// worker runs. Returns nullopt if there is no such worker in it.
std::optional<WorkerConfig> parse_worker(std::string_view text, std::string_view name);

// The same for a file. An unreadable file is a problem too, not an exception.
struct LoadedConfig : ParsedConfig {
  std::string text;
};
LoadedConfig load_config(const std::string& file, const MachineChecks& checks);

}  // namespace pyfault
