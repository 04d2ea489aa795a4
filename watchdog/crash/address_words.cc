#include "watchdog/crash/address_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "watchdog/crash/registers.h"
#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

constexpr std::size_t kLongestPath = 256;
constexpr std::uint64_t kFarthest = std::uint64_t{1} << 30;  // a mapping that says anything

}  // namespace

std::string in_hexadecimal(std::uint64_t number) {
  return fmt::format("{:#x}", number);
}

std::string_view it_accessed(Access access) {
  switch (access) {
    case Access::kRead:
      return "it read ";
    case Access::kWrite:
      return "it wrote to ";
    case Access::kExecute:
      return "it jumped to ";
    case Access::kUnknown:
      break;
  }
  return "it accessed ";
}

std::string name_of(const Mapping& mapping) {
  if (mapping.path.empty()) return "anonymous memory";
  if (mapping.path == "[heap]") return "the heap";
  if (mapping.path == "[stack]") return "the main thread's stack";
  if (mapping.path.size() <= kLongestPath) return mapping.path;
  return std::string(cut_utf8(mapping.path, kLongestPath)) + "...";
}

std::string nearest_mapping(std::uint64_t address, const MemoryMap& map) {
  const Mapping* below = map.below(address);
  const Mapping* above = map.above(address);
  const std::uint64_t below_it = below != nullptr ? address - below->end : UINT64_MAX;
  const std::uint64_t above_it = above != nullptr ? above->start - address : UINT64_MAX;
  const bool is_below = below_it < above_it;
  const std::uint64_t distance = std::min(below_it, above_it);
  if (distance > kFarthest) return "";
  const std::string name = name_of(is_below ? *below : *above);
  if (distance == 0) return fmt::format("; {} ends right below it", name);
  return fmt::format("; the nearest mapping, {}, {} it", name,
                     is_below ? fmt::format("ends {:#x} bytes below", distance)
                              : fmt::format("begins {:#x} bytes above", distance));
}

std::string origin_of_address(const Fault& fault) {
  if (!fault.address()) return "";
  if (const auto operand = fault.operand()) {
    if (operand->base.empty() && operand->index.empty()) return "";
    const bool is_exact = operand->address == *fault.address();
    return (is_exact ? "; the address was " : "; the access began at ") + operand->text();
  }
  std::vector<std::string> holders;
  for (const std::string_view name : registers_with(*fault.address(), fault.registers())) {
    holders.emplace_back(name);
  }
  if (holders.empty()) return "";
  return fmt::format("; {} {} that address", listed(holders),
                     holders.size() == 1 ? "holds" : "hold");
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (index > 0) text += index + 1 == words.size() ? " and " : ", ";
    text += words[index];
  }
  return text;
}

}  // namespace pyfault
