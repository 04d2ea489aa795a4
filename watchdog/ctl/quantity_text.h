// Times and sizes as a table has them. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace pyfault::ctl {

// "8s", "5min 3s", "2h 5min", "3d 4h": two units, rounded down. Less than nothing is "0s".
std::string duration_text(double seconds);

// "5min ago": the first unit alone.
std::string ago_text(double seconds);

// "812K", "23.4M", "1.5G": powers of 1024.
std::string size_text(std::int64_t bytes);

}  // namespace pyfault::ctl
