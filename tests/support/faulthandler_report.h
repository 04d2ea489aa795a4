// What faulthandler printed, read back.
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

  bool cut() const;  // faulthandler stops after a hundred frames, and says so up to 3.12 only
};

std::vector<PrintedThread> parse_faulthandler(const std::string& text);

// Without the parts that our format does not have: "Extension modules" and the C stack.
std::string python_part(const std::string& text);

// Every "0x" number becomes "0xN": thread ids and addresses differ from run to run.
std::string without_addresses(const std::string& text);

// A string as faulthandler writes it: at most 500 characters, anything but printable ASCII as \xNN,
// \uNNNN or \UNNNNNNNN. `utf8` spells a lone surrogate as the six characters \udcXX.
std::string as_faulthandler_prints(const std::string& utf8);

}  // namespace pyfault::test
