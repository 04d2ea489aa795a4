// PY_VERSION_HEX, and the versions in which CPython changed how it prints a traceback.
#pragma once

#include <cstdint>

namespace pyfault {

// The first final or pre-release of major.minor.micro: 0x030d0000 for 3.13.0.
constexpr std::uint32_t python_version(unsigned major, unsigned minor, unsigned micro = 0) {
  return major << 24 | minor << 16 | micro << 8;
}

}  // namespace pyfault
