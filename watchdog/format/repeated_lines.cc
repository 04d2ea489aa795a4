#include "watchdog/format/repeated_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace pyfault {
namespace {

constexpr std::size_t kLongestPeriod = 8;
constexpr std::size_t kFewestRepeats = 2;

struct Repeat {
  std::size_t period = 1;
  std::size_t times = 0;  // after the first time

  std::size_t entries() const { return period * times; }
};

// How often the `period` entries from `begin` on recur after them.
std::size_t times_repeated(const std::vector<std::string>& entries, std::size_t begin,
                           std::size_t period) {
  std::size_t end = begin + period;
  while (end < entries.size() && entries[end] == entries[end - period]) ++end;
  return (end - begin) / period - 1;
}

// The repeat from `begin` on that stands for the most entries.
Repeat best_repeat(const std::vector<std::string>& entries, std::size_t begin) {
  Repeat best;
  for (std::size_t period = 1; period <= kLongestPeriod && begin + period < entries.size();
       ++period) {
    const Repeat repeat{period, times_repeated(entries, begin, period)};
    if (repeat.times >= kFewestRepeats && repeat.entries() > best.entries()) best = repeat;
  }
  return best;
}

}  // namespace

std::string join_repeated(const std::vector<std::string>& entries) {
  std::string text;
  for (std::size_t next = 0; next < entries.size();) {
    const Repeat repeat = best_repeat(entries, next);
    for (std::size_t count = 0; count < repeat.period; ++count) text += entries[next++];
    if (repeat.times == 0) continue;
    const std::string what = repeat.period == 1 ? "line" : fmt::format("{} entries", repeat.period);
    text += fmt::format("  [Previous {} repeated {} more times]\n", what, repeat.times);
    next += repeat.entries();
  }
  return text;
}

}  // namespace pyfault
