// Bytes from files and from /proc -> valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pyfault {

// Each byte that is not part of valid UTF-8 becomes U+FFFD; everything else stays as it is.
std::string replace_invalid_utf8(std::string_view bytes);

// The first `limit` bytes, less those of a character that the limit would cut in two.
std::string_view cut_utf8(std::string_view bytes, std::size_t limit);

}  // namespace pyfault
