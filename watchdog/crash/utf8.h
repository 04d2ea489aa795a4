// Converts bytes from files and from /proc to valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pyfault {

// Replaces each byte that is not part of valid UTF-8 by U+FFFD and keeps everything else.
std::string replace_invalid_utf8(std::string_view bytes);

// Returns the first `limit` bytes, without a character that the limit would split.
std::string_view cut_utf8(std::string_view bytes, std::size_t limit);

}  // namespace pyfault
