// The exception for a program that cannot be started: one line for the user and the exit code of
// the watchdog. Thrown only before the program runs.
#pragma once

#include <stdexcept>
#include <string>

namespace pyfault {

// The exit codes of env(1) and shells.
inline constexpr int kExitOwnError = 125;
inline constexpr int kExitCannotExecute = 126;
inline constexpr int kExitNotFound = 127;

class StartError : public std::runtime_error {
 public:
  // `message` names what the user gave and, if possible, what to do about it.
  StartError(int exit_code, const std::string& message)
      : std::runtime_error(message), exit_code_(exit_code) {}

  int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

}  // namespace pyfault
