// Converts text of the watched process to valid UTF-8, for any input. Control characters are kept
// for the formatters to escape. A unit never becomes more than six bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace pyfault {

// The input is code points as CPython stores them: Latin-1, UCS-2 or UCS-4 for a `unit_size` of 1,
// 2 or 4. A surrogate (CPython never pairs them; PEP 383 file names have lone ones) is spelt as the
// six characters \udc80; a number above U+10FFFF becomes U+FFFD. Bytes after the last whole unit
// are ignored.
std::string transcode(std::span<const std::byte> units, std::size_t unit_size);

}  // namespace pyfault
