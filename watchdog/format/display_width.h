// How wide text is on a terminal.
#pragma once

#include <cstddef>
#include <string_view>

namespace pyfault {

// Columns: one a character, two for East Asian wide characters and emoji; what Python's traceback
// module counts.
std::size_t display_width(std::string_view text);

}  // namespace pyfault
