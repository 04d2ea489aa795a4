// The kernel's texts in /proc: lines of "Key:\tvalue", and fields that blanks set apart.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace pyfault {

// The rest of the line that begins with `key` (colon included), without its leading blanks. Empty
// where there is no such line.
std::string_view value_of(std::string_view text, std::string_view key);

// Takes the next field off the front of `text`; empty at its end.
std::string_view take_field(std::string_view& text);

// The same for a number; none where the next field is something else, or does not fit.
template <typename Number>
std::optional<Number> take_number(std::string_view& text, int base = 10) {
  const std::string_view field = take_field(text);
  Number number = 0;
  const auto [end, error] =
      std::from_chars(field.data(), field.data() + field.size(), number, base);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return number;
}

}  // namespace pyfault
