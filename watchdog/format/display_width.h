// Computes the width of text on a terminal.
#pragma once

#include <cstddef>
#include <string_view>

namespace pyfault {

// Returns the number of columns: one for each character, two for East Asian wide characters and
// emoji, as Python's traceback module counts them.
std::size_t display_width(std::string_view text);

}  // namespace pyfault
