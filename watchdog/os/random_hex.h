// Random names.
#pragma once

#include <cstddef>
#include <string>

namespace pyfault {

// Two lower-case hex digits a byte, from the kernel's generator. 1 <= bytes <= 256, the size that
// getrandom() always gives whole.
std::string random_hex(std::size_t bytes);

}  // namespace pyfault
