// How many descriptors we may have open (RLIMIT_NOFILE), and that agents do not get the last ones.
#pragma once

#include <sys/resource.h>

#include <optional>

namespace pyfault {

// Kept back for the log, for what is read of /proc and of source files, and for children.
inline constexpr int kReservedDescriptors = 32;

// Are those all that is left? Of a very low limit a quarter is kept back.
bool descriptors_are_short();

// From here on as many as the system lets us have. Children inherit the limit. Returns the one
// before; none when it can't be told.
std::optional<rlimit> raise_descriptor_limit();

}  // namespace pyfault
