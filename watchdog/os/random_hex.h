// Random names in hexadecimal.
#pragma once

#include <cstddef>
#include <string>

namespace pyfault {

// Returns two lower-case hex digits per byte, from the kernel's generator. `bytes` is 1 to 256, the
// size that getrandom() always fills. Throws std::system_error.
std::string random_hex(std::size_t bytes);

}  // namespace pyfault
