#include "watchdog/ctl/quantity_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pyfault::ctl {
namespace {

struct Unit {
  std::int64_t seconds;
  const char* name;
};
constexpr Unit kUnits[] = {{86'400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};

std::string in_units(double seconds, int count) {
  // A larger double has no resolution of a second.
  auto left = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e15));
  std::string text;
  for (const auto& [length, name] : kUnits) {
    const bool begun = !text.empty();
    if (left < length && !begun && length > 1) continue;
    if (left >= length || !begun)
      text += fmt::format("{}{}{}", begun ? " " : "", left / length, name);
    left %= length;
    if (--count == 0) break;
  }
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  return in_units(seconds, 2);
}

std::string ago_text(double seconds) {
  return in_units(seconds, 1) + " ago";
}

std::string size_text(std::int64_t bytes) {
  double value = static_cast<double>(bytes) / 1024;
  const char* unit = "K";
  for (const char* next : {"M", "G", "T"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return value < 100 && *unit != 'K' ? fmt::format("{:.1f}{}", value, unit)
                                     : fmt::format("{:.0f}{}", value, unit);
}

}  // namespace pyfault::ctl
