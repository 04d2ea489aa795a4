// What is wrong with a configuration, and what to do about it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

struct Problem {
  int line = 0;  // 0: of the file as a whole
  std::string message;
  std::string suggestion;  // empty where there is none

  bool operator==(const Problem&) const = default;
};

// "FILE:LINE: MESSAGE; SUGGESTION"
std::string describe(const Problem& problem, const std::string& file);

// "did you mean 'restart'?" where one of the `known` is near enough to be what was meant; else the
// list of them, while it is short.
std::string suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace pyfault
