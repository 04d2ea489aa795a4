#include "watchdog/format/carets.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "watchdog/crash/utf8.h"
#include "watchdog/format/anchors.h"
#include "watchdog/format/display_width.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/python_version.h"

namespace pyfault {
namespace {

constexpr std::string_view kWhitespace = " \t\f\v\r\n";

std::string_view left_stripped(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kWhitespace), text.size()));
}

std::string_view right_stripped(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kWhitespace) + 1);
}

std::string_view stripped(std::string_view text) {
  return right_stripped(left_stripped(text));
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  });
}

// The part of the line between the frame's columns, as byte offsets into the line.
struct MarkedRange {
  std::size_t begin;
  std::size_t end;
  bool goes_on;  // the range continues on further lines
};

std::optional<MarkedRange> marked_range(const Frame& frame) {
  if (!frame.source || !frame.line || !frame.column || !frame.end_column) return std::nullopt;
  if (*frame.column < 0 || *frame.end_column < 0) return std::nullopt;
  const std::string_view line = *frame.source;
  const bool goes_on = frame.end_line.value_or(*frame.line) != *frame.line;
  const auto begin = static_cast<std::size_t>(*frame.column);
  const auto end =
      goes_on ? right_stripped(line).size() : static_cast<std::size_t>(*frame.end_column);
  if (begin >= end || end > line.size()) return std::nullopt;
  if (!is_character_boundary(line, begin) || !is_character_boundary(line, end)) {
    return std::nullopt;
  }
  return MarkedRange{begin, end, goes_on};
}

bool covers_line(std::string_view line, MarkedRange range) {
  return stripped(line.substr(0, range.begin)).empty() && stripped(line.substr(range.end)).empty();
}

// Whether the statement is `return f(x)` or `name = f(x)`, and the range is the call.
bool is_plain_call_statement(std::string_view line, MarkedRange range, const Anchors& anchors) {
  if (anchors.kind != AnchorKind::kCall) return false;
  const std::string_view after = left_stripped(line.substr(range.end));
  if (!after.empty() && after.front() != '#' && after.front() != ';') return false;
  const std::string_view before = stripped(line.substr(0, range.begin));
  if (before == "return") return is_name(stripped(line.substr(range.begin, anchors.begin)));
  return before.ends_with('=') && is_name(stripped(before.substr(0, before.size() - 1)));
}

std::optional<Anchors> anchors_of(std::string_view line, MarkedRange range) {
  if (range.goes_on) return std::nullopt;
  return find_anchors(line.substr(range.begin, range.end - range.begin));
}

std::size_t columns(std::string_view text) {
  return display_width(escape_text(text));
}

std::string draw(std::string_view line, MarkedRange range, const std::optional<Anchors>& anchors) {
  const std::string_view segment = line.substr(range.begin, range.end - range.begin);
  const std::size_t indentation = line.size() - left_stripped(line).size();
  const std::size_t before =
      range.begin > indentation ? columns(line.substr(indentation, range.begin - indentation)) : 0;
  std::string marks(before, ' ');
  if (!anchors) return marks.append(columns(segment), '^');
  marks.append(columns(segment.substr(0, anchors->begin)), '~');
  marks.append(columns(segment.substr(anchors->begin, anchors->end - anchors->begin)), '^');
  return marks.append(columns(segment.substr(anchors->end)), '~');
}

}  // namespace

std::string source_line(const Frame& frame) {
  return frame.source ? escape_text(stripped(*frame.source)) : "";
}

std::string caret_line(const Frame& frame, std::uint32_t version_hex) {
  const auto range = marked_range(frame);
  if (!range) return "";
  const std::string_view line = *frame.source;
  const bool marks_calls = version_hex >= python_version(3, 13);
  auto anchors = anchors_of(line, *range);
  if (marks_calls && anchors && is_plain_call_statement(line, *range, *anchors)) return "";
  if (!marks_calls && anchors && anchors->kind == AnchorKind::kCall) anchors.reset();
  if (!anchors && covers_line(line, *range)) return "";
  return draw(line, *range, anchors);
}

}  // namespace pyfault
