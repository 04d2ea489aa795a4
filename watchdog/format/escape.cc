#include "watchdog/format/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

// U+200C and U+200D, the joiners, are kept: Persian, Hindi and emoji cannot be spelt without them.
constexpr CodePointRange kDangerous[] = {
    {0x00, 0x1f},        // C0
    {0x7f, 0x9f},        // DEL, C1
    {0xad, 0xad},        // soft hyphen: invisible
    {0x61c, 0x61c},      // Arabic letter mark: bidirectional
    {0x180e, 0x180e},    // Mongolian vowel separator: invisible
    {0x200b, 0x200b},    // zero-width space
    {0x200e, 0x200f},    // left-to-right and right-to-left marks
    {0x2028, 0x202e},    // line and paragraph separators, bidirectional embeddings and overrides
    {0x2060, 0x206f},    // word joiner, invisible operators, bidirectional isolates
    {0xfeff, 0xfeff},    // byte order mark
    {0xfff9, 0xfffb},    // interlinear annotations
    {0xe0000, 0xe007f},  // tags: invisible
};

bool is_dangerous(char32_t c) {
  return std::any_of(std::begin(kDangerous), std::end(kDangerous),
                     [c](CodePointRange range) { return c >= range.first && c <= range.last; });
}

std::string spelt_for_people(char32_t c) {
  const auto number = static_cast<unsigned>(c);
  if (c == U'\n') return "\\n";
  if (c == U'\t') return "\\t";
  if (c == U'\r') return "\\r";
  if (c <= 0xff) return fmt::format("\\x{:02x}", number);
  return c <= 0xffff ? fmt::format("\\u{:04x}", number) : fmt::format("\\U{:08x}", number);
}

std::string spelt_for_json(char32_t c) {
  const auto number = static_cast<unsigned>(c);
  if (c <= 0xffff) return fmt::format("\\u{:04x}", number);
  const unsigned above = number - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff));
}

std::string escape(std::string_view text, std::string (*spell)(char32_t)) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.valid && !is_dangerous(next.value)) {
      out.append(text.substr(0, next.bytes));
    } else {
      out.append(spell(next.value));
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

}  // namespace

std::string escape_text(std::string_view text) {
  return escape(text, spelt_for_people);
}

std::string escape_lines(std::string_view lines, std::string_view margin) {
  std::string text;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    text.append(margin).append(escape_text(line)).append("\n");
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  }
  return text;
}

std::string escape_json(std::string_view json) {
  return escape(json, spelt_for_json);
}

}  // namespace pyfault
