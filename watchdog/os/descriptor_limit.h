// The open descriptor limit (RLIMIT_NOFILE), and the reserve that agents may not use up.
#pragma once

#include <sys/resource.h>

#include <optional>

namespace pyfault {

// Reserved for the log, for reading /proc and source files, and for starting children.
inline constexpr int kReservedDescriptors = 32;

// Returns whether only the reserve is left. If the limit is very low, the reserve is a quarter of
// it.
bool descriptors_are_short();

// Raises the soft limit to the hard limit. Children inherit it. Returns the previous limits, or
// nullopt if they cannot be read.
std::optional<rlimit> raise_descriptor_limit();

}  // namespace pyfault
