#include "watchdog/os/proc_text.h"

#include <algorithm>

namespace pyfault {
namespace {

constexpr std::string_view kBlanks = " \t\n";

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

// Removes the line with its newline; returns it without.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace

std::string_view value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    skip_blanks(line);
    return line;
  }
  return {};
}

std::string_view take_field(std::string_view& text) {
  skip_blanks(text);
  const std::string_view field = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(field.size());
  return field;
}

}  // namespace pyfault
