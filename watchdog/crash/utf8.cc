#include "watchdog/crash/utf8.h"

#include <boost/nowide/utf/utf.hpp>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace pyfault {
namespace {

namespace utf = boost::nowide::utf;
using Utf8 = utf::utf_traits<char>;

constexpr utf::code_point kReplacement = 0xfffd;
constexpr utf::code_point kLastCodePoint = 0x10ffff;

void append_spelt(std::string& out, utf::code_point surrogate) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kDigits[surrogate >> shift & 15]);
}

void append_point(std::string& out, utf::code_point point) {
  if (point > kLastCodePoint) point = kReplacement;
  if (!utf::is_valid_codepoint(point)) return append_spelt(out, point);
  Utf8::encode(point, std::back_inserter(out));
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

CodePoint first_code_point(std::string_view text) {
  const char* const begin = text.data();
  const char* next = begin;
  const utf::code_point point = Utf8::decode(next, begin + text.size());
  if (utf::is_valid_codepoint(point)) {
    return {point, static_cast<std::size_t>(next - begin), true};
  }
  // The other bytes that decode() consumed may begin a valid character.
  return {static_cast<unsigned char>(*begin), 1, false};
}

bool is_character_boundary(std::string_view text, std::size_t offset) {
  return offset == text.size() || !Utf8::is_trail(text[offset]);
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint next = first_code_point(bytes);
    append_point(text, next.valid ? next.value : kReplacement);
    bytes.remove_prefix(next.bytes);
  }
  return text;
}

std::string_view cut_utf8(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return bytes;
  std::size_t size = limit;
  while (size > 0 && limit - size < Utf8::max_width && Utf8::is_trail(bytes[size])) --size;
  return bytes.substr(0, size);
}

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
