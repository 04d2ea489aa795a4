// Formats times and sizes for a table.
#pragma once

#include <cstdint>
#include <string>

namespace pyfault::ctl {

// "8s", "5min 3s", "2h 5min", "3d 4h": two units, rounded down. A negative time is "0s".
std::string duration_text(double seconds);

// "5min ago": only the first unit.
std::string ago_text(double seconds);

// "812K", "23.4M", "1.5G": in powers of 1024.
std::string size_text(std::int64_t bytes);

}  // namespace pyfault::ctl
