// Parses the kernel's texts in /proc: lines of "Key:\tvalue", and fields separated by blanks.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace pyfault {

// Returns the rest of the line that begins with `key` (colon included), without leading blanks, or
// an empty view if there is no such line.
std::string_view value_of(std::string_view text, std::string_view key);

// Removes the next field from the front of `text` and returns it; empty at the end.
std::string_view take_field(std::string_view& text);

// The same for a number. Returns nullopt if the next field is not a number or does not fit.
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
