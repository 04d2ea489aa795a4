// A problem in a configuration, with a suggestion how to fix it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

struct Problem {
  int line = 0;  // 0: the file as a whole
  std::string message;
  std::string suggestion;  // empty if there is none

  bool operator==(const Problem&) const = default;
};

// "FILE:LINE: MESSAGE; SUGGESTION"
std::string describe(const Problem& problem, const std::string& file);

// Returns "did you mean 'restart'?" if one of `known` is close enough to `word`; otherwise the list
// of them, if it is short.
std::string suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace pyfault
