// UTF-8, on Boost.Nowide: everything that decodes, encodes, checks or cuts it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pyfault {

struct CodePoint {
  char32_t value;     // the byte itself if it does not begin a valid sequence
  std::size_t bytes;  // 1 to 4
  bool valid;
};

struct CodePointRange {
  char32_t first;
  char32_t last;
};

// Returns the first code point of `text`, which must not be empty.
CodePoint first_code_point(std::string_view text);

// Whether valid UTF-8 can be split before the byte at `offset`, which may be the end.
bool is_character_boundary(std::string_view text, std::size_t offset);

// Replaces each byte that is not part of valid UTF-8 by U+FFFD and keeps everything else.
std::string replace_invalid_utf8(std::string_view bytes);

// Returns the first `limit` bytes, without a character that the limit would split.
std::string_view cut_utf8(std::string_view bytes, std::size_t limit);

// Converts text of the watched process to valid UTF-8, for any input. The input is code points as
// CPython stores them: Latin-1, UCS-2 or UCS-4 for a `unit_size` of 1, 2 or 4. A surrogate (CPython
// never pairs them; PEP 383 file names have lone ones) is spelt as the six characters \udc80; a
// number above U+10FFFF becomes U+FFFD. Control characters are kept for the formatters to escape.
// Bytes after the last whole unit are ignored. A unit never becomes more than six bytes.
std::string transcode(std::span<const std::byte> units, std::size_t unit_size);

}  // namespace pyfault
