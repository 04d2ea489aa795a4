#include "watchdog/format/rfc3339.h"

#include <fmt/chrono.h>

namespace pyfault {
namespace {

// std::chrono::floor overflows at the smallest number of nanoseconds.
constexpr std::int64_t floor_divided(std::int64_t number, std::int64_t divisor) {
  return number / divisor - (number % divisor < 0 ? 1 : 0);
}

}  // namespace

std::string rfc3339_utc(std::int64_t realtime_ns) {
  const std::int64_t microseconds = floor_divided(realtime_ns, 1'000);
  const std::int64_t seconds = floor_divided(microseconds, 1'000'000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds),
                     microseconds - seconds * 1'000'000);
}

}  // namespace pyfault
