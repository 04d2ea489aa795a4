// What an interpreter says of itself and of its process, when it is asked by a small program. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pyfault {

struct Survey {
  std::string implementation;  // "cpython"
  std::string version;         // "3.11.2"
  std::string executable;      // what runs in the end, behind wrapper scripts
  bool preload = false;        // LD_PRELOAD is in its environment
  bool agent = false;          // the agent is mapped
  bool ring = false;           // and so is its ring: it has attached
  bool seccomp = false;        // a filter judges its system calls
  std::uint64_t caught = 0;    // signals it has handlers for: bit n - 1 for signal n
};

extern const std::string_view kSurveyProgram;  // for -c

// None where the interpreter did not answer.
std::optional<Survey> parse_survey(std::string_view output);

// The last line that is not empty, without its newline: where an interpreter says what went wrong.
std::string last_line(std::string_view text);

// What the dynamic loader had to say of a library that it was to preload; empty: nothing.
std::string loader_complaint(std::string_view output);

}  // namespace pyfault
