// A pyfault-watchdog for tests: the real program, its log in a file, its events parsed.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/interpreter.h"

namespace pyfault::test {

// $PYFAULT_WATCHDOG if it is set, otherwise the watchdog of this build.
std::filesystem::path watchdog_path();
std::filesystem::path agent_path();
std::filesystem::path ctl_path();

// Copies the watchdog and its agent to `directory` as an installation that every user can run.
// Returns the path of the watchdog there.
std::filesystem::path install_copy(const std::filesystem::path& directory);

// A link to `library` in `directory`, with a path that LD_PRELOAD can hold.
std::filesystem::path preloadable(const std::filesystem::path& library,
                                  const std::filesystem::path& directory);

class Watchdog {
 public:
  // Appends to the file `log`, as `--log` does.
  Watchdog(Interpreter interpreter, std::filesystem::path log);

  Watchdog& format(std::string name);
  // Off unless set: to unwind each crash of a test would take minutes of processor time in all.
  Watchdog& native(std::string mode);

  // A command line that runs `program`, given with its arguments, under the watchdog.
  std::vector<std::string> command(const std::vector<std::string>& program) const;

  std::string report() const;  // the whole log; empty if there is none

  // The events in the log. Throws if a line is not JSON or does not conform to the schema of
  // events.
  std::vector<nlohmann::json> events() const;
  // "exit" means the exits of the program and of workers; those of their descendants are called
  // kExitBelow here.
  std::vector<nlohmann::json> events(const std::string& kind) const;
  static constexpr char kExitBelow[] = "exit below";

 private:
  Interpreter interpreter_;
  std::filesystem::path log_;
  std::string format_ = "json";
  std::string native_ = "off";
};

}  // namespace pyfault::test
