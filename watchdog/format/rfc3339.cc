#include "watchdog/format/rfc3339.h"

#include <fmt/format.h>

#include <ctime>

namespace pyfault {
namespace {

// std::chrono::floor overflows at the smallest number of nanoseconds.
constexpr std::int64_t floor_divided(std::int64_t number, std::int64_t divisor) {
  return number / divisor - (number % divisor < 0 ? 1 : 0);
}

}  // namespace

std::string rfc3339_utc(std::int64_t realtime_ns) {
  const std::int64_t microseconds = floor_divided(realtime_ns, 1'000);
  const std::time_t seconds = floor_divided(microseconds, 1'000'000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     microseconds - seconds * 1'000'000);
}

}  // namespace pyfault
