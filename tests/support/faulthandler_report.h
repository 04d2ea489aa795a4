// Parses what faulthandler has printed.
#pragma once

#include <string>
#include <vector>

namespace pyfault::test {

struct PrintedFrame {
  std::string file;  // escaped as faulthandler does
  std::string line;  // "12", or "???"
  std::string function;

  bool operator==(const PrintedFrame&) const = default;
};

struct PrintedThread {
  bool current = false;
  std::vector<PrintedFrame> frames;

  bool cut() const;  // faulthandler stops after 100 frames, and only says so up to 3.12
};

std::vector<PrintedThread> parse_faulthandler(const std::string& text);

// Removes the parts that our format does not have: "Extension modules" and the C stack.
std::string python_part(const std::string& text);

// Replaces every number that begins with "0x" by "0xN", because thread ids and addresses differ
// from run to run.
std::string without_addresses(const std::string& text);

// A string as faulthandler prints it: at most 500 characters, with everything but printable ASCII
// as \xNN, \uNNNN or \UNNNNNNNN. A lone surrogate in `utf8` is spelt as the six characters \udcXX.
std::string as_faulthandler_prints(const std::string& utf8);

}  // namespace pyfault::test
