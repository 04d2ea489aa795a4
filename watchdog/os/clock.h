// The time of day, as events carry it.
#pragma once

#include <chrono>
#include <cstdint>

namespace pyfault {

// Nanoseconds since 1970, from the real-time clock.
inline std::int64_t realtime_now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace pyfault
