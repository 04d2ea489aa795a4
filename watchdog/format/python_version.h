// Constructs values of PY_VERSION_HEX, to compare Python versions.
#pragma once

#include <cstdint>

namespace pyfault {

// Returns the lower bound of all releases, including pre-releases, of major.minor.micro: 0x030d0000
// for 3.13.0.
constexpr std::uint32_t python_version(unsigned major, unsigned minor, unsigned micro = 0) {
  return major << 24 | minor << 16 | micro << 8;
}

}  // namespace pyfault
