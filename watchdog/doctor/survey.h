// What an interpreter reports about itself and its process, when asked by a small program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pyfault {

struct Survey {
  std::string implementation;  // "cpython"
  std::string version;         // "3.11.2"
  std::string executable;      // what is executed in the end, behind wrapper scripts
  bool preload = false;        // LD_PRELOAD is in its environment
  bool agent = false;          // the agent is mapped
  bool ring = false;           // its ring is mapped, so it has attached
  bool seccomp = false;        // a seccomp filter is active
  std::uint64_t caught = 0;    // signals that have handlers: bit n - 1 for signal n
};

extern const std::string_view kSurveyProgram;  // for -c

// Returns nullopt if the interpreter did not answer.
std::optional<Survey> parse_survey(std::string_view output);

// Returns the last non-empty line, without its newline: where an interpreter reports an error.
std::string last_line(std::string_view text);

// The dynamic loader's error about the agent in LD_PRELOAD; empty if there is none.
std::string loader_complaint(std::string_view output);

}  // namespace pyfault
