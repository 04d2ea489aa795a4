#include "tests/support/faulthandler_report.h"

#include <array>
#include <cstdio>
#include <regex>

#include "tests/support/files.h"

namespace pyfault::test {
namespace {

constexpr std::size_t kLongestString = 500;
constexpr std::size_t kDeepestStack = 100;

bool begins_other_part(const std::string& line) {
  return line.starts_with("Extension modules:") || line.starts_with("Current thread's C stack");
}

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

// `sequence` must be one valid UTF-8 sequence.
unsigned code_point(const std::string& sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  unsigned value = lead & (0xffU >> (sequence.size() + 1));
  for (std::size_t i = 1; i < sequence.size(); ++i) {
    value = value << 6 | (static_cast<unsigned char>(sequence[i]) & 0x3fU);
  }
  return value;
}

std::string escaped(unsigned character) {
  std::array<char, 16> text{};
  const char* format = character < 0x100 ? "\\x%02x" : character < 0x10000 ? "\\u%04x" : "\\U%08x";
  if (character >= ' ' && character < 0x7f) format = "%c";
  std::snprintf(text.data(), text.size(), format, character);
  return text.data();
}

}  // namespace

bool PrintedThread::cut() const {
  return frames.size() == kDeepestStack;
}

std::vector<PrintedThread> parse_faulthandler(const std::string& text) {
  static const std::regex head(R"((Current thread|Thread) 0x.*\(most recent call first\):)");
  static const std::regex frame(R"re(  File "(.*)", line (\d+|\?\?\?) in (.*))re");
  std::vector<PrintedThread> threads;
  for (const std::string& line : split_lines(python_part(text))) {
    std::smatch parts;
    if (std::regex_match(line, parts, head)) {
      threads.push_back({.current = parts[1] == "Current thread", .frames = {}});
    } else if (!threads.empty() && std::regex_match(line, parts, frame)) {
      threads.back().frames.push_back({parts[1], parts[2], parts[3]});
    }
  }
  return threads;
}

std::string python_part(const std::string& text) {
  std::string kept;
  bool skipping = false;
  for (const std::string& line : split_lines(text)) {
    if (begins_other_part(line)) skipping = true;
    if (!skipping) kept += line + "\n";
    if (line.empty()) skipping = false;
  }
  while (kept.ends_with("\n\n")) kept.pop_back();
  return kept;
}

std::string without_addresses(const std::string& text) {
  static const std::regex address("0x[0-9a-f]+");
  return std::regex_replace(text, address, "0xN");
}

std::string as_faulthandler_prints(const std::string& utf8) {
  std::string printed;
  std::size_t count = 0;
  for (std::size_t at = 0; at < utf8.size(); ++count) {
    if (count == kLongestString) return printed + "...";
    const std::size_t length = sequence_length(static_cast<unsigned char>(utf8[at]));
    printed += escaped(code_point(utf8.substr(at, length)));
    at += length;
  }
  return printed;
}

}  // namespace pyfault::test
