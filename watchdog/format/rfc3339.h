// Formats timestamps.
#pragma once

#include <cstdint>
#include <string>

namespace pyfault {

// Returns "2026-11-23T07:40:10.123456Z" for nanoseconds since the epoch (CLOCK_REALTIME), rounded
// down to microseconds.
std::string rfc3339_utc(std::int64_t realtime_ns);

}  // namespace pyfault
