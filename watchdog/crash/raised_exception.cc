#include "watchdog/crash/raised_exception.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "watchdog/crash/fingerprint.h"
#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

using Lines = std::vector<std::string_view>;

// Lib/traceback.py
constexpr std::string_view kBegin = "Traceback (most recent call last):";
constexpr std::string_view kBeginOfGroup = "  + Exception Group Traceback (most recent call last):";
constexpr std::string_view kGroupMargin = "  | ";
constexpr std::string_view kLinks[] = {
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:"};
// What precedes a traceback that does not end the program: threading, sys.unraisablehook, asyncio.
constexpr std::string_view kOthers[] = {"Exception in thread ", "Exception ignored ",
                                        "Task exception was never retrieved",
                                        "Process "};  // multiprocessing: "Process Worker-1:"

// More lines than these are not a message: the program has continued and written other output.
constexpr std::size_t kMaxLines = 30;
constexpr std::size_t kMaxMessage = 4096;

Lines lines_of(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  Lines lines;
  for (std::size_t end = 0; end != text.npos;) {
    end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    if (end != text.npos) text.remove_prefix(end + 1);
  }
  return lines;
}

bool begins_traceback(std::string_view line) {
  return line == kBegin || line == kBeginOfGroup;
}

// Returns one past the index of the last begin before `end`, or 0 if there is none.
std::size_t last_begin(const Lines& lines, std::size_t end) {
  while (end > 0 && !begins_traceback(lines[end - 1])) --end;
  return end;
}

template <typename Words>
bool begins_with_one_of(std::string_view line, const Words& words) {
  return std::ranges::any_of(words,
                             [line](std::string_view each) { return line.starts_with(each); });
}

// Returns the begin of the first traceback in the chain that ends in the one at `begin`.
std::size_t begin_of_chain(const Lines& lines, std::size_t begin) {
  while (begin >= 2 && lines[begin - 1].empty() && begins_with_one_of(lines[begin - 2], kLinks)) {
    const std::size_t before = last_begin(lines, begin - 2);
    if (before == 0) break;
    begin = before - 1;
  }
  return begin;
}

// "  File "app.py", line 7, in main" becomes "app.py:main"; another line gives an empty string.
std::string function_in(std::string_view line) {
  constexpr std::string_view kFile = "  File \"";
  constexpr std::string_view kIn = ", in ";
  const std::size_t end = line.find("\", line ");
  const std::size_t in = line.rfind(kIn);
  if (!line.starts_with(kFile) || end == line.npos || in == line.npos || in < end) return "";
  const std::string_view file = line.substr(kFile.size(), end - kFile.size());
  return function_for_fingerprint(file, line.substr(in + kIn.size()));
}

bool is_type(std::string_view text) {
  const auto may_be_in_it = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '<' || c == '>' || c >= 0x80;
  };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::ranges::all_of(text, may_be_in_it);
}

std::string joined(const Lines& lines, std::size_t begin, std::size_t end) {
  std::string text;
  for (; begin < end; ++begin) text.append(text.empty() ? "" : "\n").append(lines[begin]);
  return replace_invalid_utf8(text);
}

}  // namespace

std::optional<RaisedException> exception_at_end(std::string_view text) {
  const Lines lines = lines_of(text);
  const std::size_t found = last_begin(lines, lines.size());
  if (found == 0) return std::nullopt;
  const std::size_t begin = found - 1;
  const std::size_t first = begin_of_chain(lines, begin);
  if (first > 0 && begins_with_one_of(lines[first - 1], kOthers)) return std::nullopt;

  const std::string_view margin = lines[begin] == kBegin ? "" : kGroupMargin;
  std::vector<std::string> functions;  // innermost last
  for (std::size_t index = begin + 1; index < lines.size(); ++index) {
    std::string_view line = lines[index];
    if (!line.starts_with(margin)) return std::nullopt;
    line.remove_prefix(margin.size());
    if (std::string function = function_in(line); !function.empty()) {
      functions.push_back(std::move(function));
    }
    if (line.starts_with(' ')) continue;
    // The first line without indentation is the exception; its message extends to the end.
    const std::size_t colon = line.find(": ");
    const std::size_t end = line.ends_with(':') ? line.size() - 1 : line.size();
    const std::string_view type = line.substr(0, std::min(colon, end));
    if (!is_type(type) || lines.size() - index > kMaxLines) return std::nullopt;
    RaisedException exception;
    exception.type = replace_invalid_utf8(type);
    if (colon != line.npos) exception.message = replace_invalid_utf8(line.substr(colon + 2));
    const std::string more = joined(lines, index + 1, lines.size());
    if (!more.empty()) exception.message += '\n' + more;
    exception.message = cut_utf8(exception.message, kMaxMessage);
    exception.traceback = joined(lines, first, lines.size());
    std::ranges::reverse(functions);
    exception.fingerprint = fingerprint(exception.type, functions);
    return exception;
  }
  return std::nullopt;
}

}  // namespace pyfault
