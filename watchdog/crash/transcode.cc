#include "watchdog/crash/transcode.h"

#include <cstdint>
#include <cstring>

namespace pyfault {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr char32_t kLastCodePoint = 0x10ffff;

bool is_surrogate(char32_t point) {
  return point >= 0xd800 && point <= 0xdfff;
}

void append_byte(std::string& out, char32_t byte) {
  out.push_back(static_cast<char>(byte));
}

void append_spelt(std::string& out, char32_t surrogate) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kDigits[surrogate >> shift & 15]);
}

void append_point(std::string& out, char32_t point) {
  if (is_surrogate(point)) return append_spelt(out, point);
  if (point > kLastCodePoint) point = kReplacement;
  if (point < 0x80) return append_byte(out, point);
  if (point < 0x800) {
    append_byte(out, 0xc0 | point >> 6);
  } else if (point < 0x10000) {
    append_byte(out, 0xe0 | point >> 12);
    append_byte(out, 0x80 | (point >> 6 & 0x3f));
  } else {
    append_byte(out, 0xf0 | point >> 18);
    append_byte(out, 0x80 | (point >> 12 & 0x3f));
    append_byte(out, 0x80 | (point >> 6 & 0x3f));
  }
  append_byte(out, 0x80 | (point & 0x3f));
}

template <typename Unit>
std::string transcode_units(std::span<const std::byte> units) {
  std::string out;
  out.reserve(units.size());
  for (; units.size() >= sizeof(Unit); units = units.subspan(sizeof(Unit))) {
    Unit unit;
    std::memcpy(&unit, units.data(), sizeof unit);
    append_point(out, unit);
  }
  return out;
}

}  // namespace

std::string transcode(std::span<const std::byte> units, std::size_t unit_size) {
  switch (unit_size) {
    case 1:
      return transcode_units<std::uint8_t>(units);
    case 2:
      return transcode_units<std::uint16_t>(units);
    case 4:
      return transcode_units<std::uint32_t>(units);
    default:
      return {};
  }
}

}  // namespace pyfault
