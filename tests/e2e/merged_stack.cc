#include "tests/e2e/merged_stack.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::AnyOfArray;
using testing::StartsWith;

constexpr std::string_view kBetween = " <- ";

std::string python_name(const json& frame) {
  const bool is_named = frame.contains("function") && frame.at("function").is_string();
  if (!is_named) return "(?)";
  const std::string qualified = frame.at("function");
  return '(' + qualified.substr(qualified.rfind('.') + 1) + ')';
}

std::string name_of(const json& entry, const json& frames) {
  if (entry.contains("omitted")) return "{omitted}";
  if (entry.at("kind") == "python")
    return python_name(frames.at(entry.at("frame").get<std::size_t>()));
  return entry.at("function").is_string() ? entry.at("function").get<std::string>() : "?";
}

void expect_a_possible_frame(const json& native) {
  EXPECT_THAT(native.at("address").get<std::string>(), StartsWith("0x"));
  EXPECT_THAT(native.at("trust").get<std::string>(),
              AnyOfArray({"context", "cfi", "fp", "trampoline", "top-of-stack", "scan"}));
  EXPECT_TRUE(native.at("module").is_string() || native.at("function").is_null());
}

}  // namespace

std::vector<std::string> stack_names(const json& thread) {
  std::vector<std::string> names;
  for (const json& entry : thread.at("stack")) {
    names.push_back(name_of(entry, thread.at("frames")));
  }
  return names;
}

void expect_a_possible_stack(const json& thread) {
  std::set<std::size_t> shown;
  std::size_t last = 0;
  for (const json& entry : thread.at("stack")) {
    if (entry.contains("omitted")) continue;
    if (entry.at("kind") == "native") {
      expect_a_possible_frame(entry);
      continue;
    }
    const std::size_t frame = entry.at("frame");
    EXPECT_GE(frame, last);
    last = frame;
    shown.insert(frame);
  }
  const json& native = thread.at("native");
  const bool is_cut = thread.at("stack").dump().find("\"omitted\"") != std::string::npos;
  if (native.at("complete") == true && !is_cut) {
    EXPECT_EQ(shown.size(), thread.at("frames").size());
    EXPECT_EQ(native.at("merged_by") == "none", thread.at("frames").empty());
  }
}

bool has_in_order(const std::vector<std::string>& names, const std::string& pattern) {
  std::size_t next = 0;
  for (std::size_t begin = 0; begin <= pattern.size();) {
    const std::size_t end = std::min(pattern.find(kBetween, begin), pattern.size());
    const std::string wanted = pattern.substr(begin, end - begin);
    while (next < names.size() && names[next] != wanted) ++next;
    if (next++ == names.size()) return false;
    begin = end + kBetween.size();
  }
  return true;
}

}  // namespace pyfault::test
