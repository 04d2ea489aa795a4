#include "watchdog/format/colour.h"

#include <string_view>

#include "watchdog/format/format.h"
#include "watchdog/format/severity.h"

namespace pyfault {
namespace {

constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kBoldRed = "\033[1;31m";
constexpr std::string_view kRed = "\033[31m";
constexpr std::string_view kYellow = "\033[33m";

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return kBoldRed;
    case Severity::kError:
      return kRed;
    case Severity::kWarning:
      return kYellow;
    case Severity::kNotice:
      return kBold;
    case Severity::kInformation:
      break;
  }
  return "";
}

bool is_marks(std::string_view line) {
  return !line.empty() && line.find_first_not_of(" ^~") == line.npos &&
         line.find_first_not_of(' ') != line.npos;
}

std::string_view colour_of_line(std::string_view line) {
  if (line.starts_with("Thread ")) return kBold;
  return is_marks(line) ? kBoldRed : "";
}

void append(std::string& text, std::string_view line, std::string_view colour) {
  text += colour;
  text += line;
  if (!colour.empty()) text += kReset;
}

}  // namespace

std::string format_coloured_text(const Event& event) {
  const std::string plain = format_text(event);
  std::string_view rest = plain;
  std::string text;
  std::string_view colour = colour_of(severity_of(event));
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    append(text, rest.substr(0, end), colour);
    text += '\n';
    rest.remove_prefix(end + 1);
    colour = colour_of_line(rest.substr(0, rest.find('\n')));
  }
  return text;
}

}  // namespace pyfault
