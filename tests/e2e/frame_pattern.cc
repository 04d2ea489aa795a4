#include "tests/e2e/frame_pattern.h"

#include <regex>
#include <span>

namespace pyfault::test {
namespace {

using nlohmann::json;

constexpr char kArrow[] = " <- ";
constexpr char kAnyFrames[] = "...";

std::string name_of(const json& frame) {
  for (const char* mark : {"omitted", "unreadable", "cycle"}) {
    if (frame.contains(mark)) return std::string("{") + mark + "}";
  }
  const json& function = frame.at("function");
  return function.is_string() ? function.get<std::string>() : "{unknown}";
}

std::string last_part(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

void append_token(const std::string& token, bool qualified, std::vector<std::string>& tokens) {
  static const std::regex repeated(R"((.+)\*(\d+))");
  std::smatch parts;
  const bool many = std::regex_match(token, parts, repeated);
  const std::string name = many ? parts[1].str() : token;
  const bool as_it_is = qualified || name == kAnyFrames;
  tokens.insert(tokens.end(), many ? std::stoul(parts[2]) : 1, as_it_is ? name : last_part(name));
}

std::vector<std::string> parse(std::string pattern, bool qualified) {
  std::vector<std::string> tokens;
  if (pattern == "none") return tokens;
  for (std::size_t arrow = 0; arrow != std::string::npos;) {
    arrow = pattern.find(kArrow);
    append_token(pattern.substr(0, arrow), qualified, tokens);
    if (arrow != std::string::npos) pattern.erase(0, arrow + sizeof kArrow - 1);
  }
  return tokens;
}

bool match_from(std::span<const std::string> tokens, std::span<const std::string> names) {
  if (tokens.empty()) return names.empty();
  if (tokens.front() != kAnyFrames) {
    return !names.empty() && tokens.front() == names.front() &&
           match_from(tokens.subspan(1), names.subspan(1));
  }
  for (std::size_t skipped = 0; skipped <= names.size(); ++skipped) {
    if (match_from(tokens.subspan(1), names.subspan(skipped))) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> frame_names(const json& thread) {
  std::vector<std::string> names;
  for (const json& frame : thread.at("frames")) {
    names.insert(names.end(), frame.value("repeat", std::size_t{0}) + 1, name_of(frame));
  }
  return names;
}

std::size_t depth(const json& thread) {
  std::size_t count = 0;
  for (const json& frame : thread.at("frames")) {
    count += frame.value("omitted", std::size_t{1}) + frame.value("repeat", std::size_t{0});
  }
  return count;
}

bool matches(const std::string& pattern, const std::vector<std::string>& names, bool qualified) {
  return match_from(parse(pattern, qualified), names);
}

}  // namespace pyfault::test
