// Decodes UTF-8 one code point at a time.
#pragma once

#include <cstddef>
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
inline CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const CodePoint invalid{lead, 1, false};
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return invalid;
  char32_t value = lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    value = value << 6 | (byte(i) & 0x3fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[bytes] || value > 0x10ffff || surrogate) return invalid;
  return {value, bytes, true};
}

}  // namespace pyfault
