// pyfault-watchdog as a test uses it: the real program, its log in a file, its events parsed.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/interpreter.h"

namespace pyfault::test {

// PYFAULT_WATCHDOG in the environment, or the one of this build.
std::filesystem::path watchdog_path();
std::filesystem::path agent_path();
std::filesystem::path ctl_path();

// The watchdog and its agent as an installation in `directory`, for every user to run. Gives the
// watchdog's path there.
std::filesystem::path install_copy(const std::filesystem::path& directory);

// `library` by a name that LD_PRELOAD can hold, wherever it lies: a link in `directory`.
std::filesystem::path preloadable(const std::filesystem::path& library,
                                  const std::filesystem::path& directory);

class Watchdog {
 public:
  // `log` is appended to, as `--log` does.
  Watchdog(Interpreter interpreter, std::filesystem::path log);

  Watchdog& format(std::string name);

  // The command line that runs `program`, and its arguments, under the watchdog.
  std::vector<std::string> command(const std::vector<std::string>& program) const;

  std::string report() const;  // all of the log; empty when there is none

  // The events in the log; throws where a line is not JSON, or not as the schema of events has it.
  std::vector<nlohmann::json> events() const;
  // "exit": of the program, or of workers; those of processes below have another name here.
  std::vector<nlohmann::json> events(const std::string& kind) const;
  static constexpr char kExitBelow[] = "exit below";

 private:
  Interpreter interpreter_;
  std::filesystem::path log_;
  std::string format_ = "json";
};

}  // namespace pyfault::test
