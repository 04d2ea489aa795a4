#include "watchdog/crash/recursion.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "watchdog/crash/address_words.h"
#include "watchdog/crash/native_names.h"

namespace pyfault {
namespace {

constexpr std::uint64_t kLeastCalls = 8;
constexpr std::size_t kMostFunctions = 3;

// Counts the calls of each function, in the order in which the functions first appear.
class Tally {
 public:
  void add(std::string function, std::uint64_t calls) {
    const auto [place, is_new] = places_.emplace(std::move(function), counts_.size());
    if (is_new) counts_.emplace_back(place->first, 0);
    std::uint64_t& count = counts_[place->second].second;
    count = saturated(count, calls);
  }

  // The functions that are called about as often as the one that is called most often.
  std::vector<std::string> recurring() const {
    std::uint64_t most = 0;
    for (const auto& [function, count] : counts_) most = std::max(most, count);
    std::vector<std::string> functions;
    if (most < kLeastCalls) return functions;
    for (const auto& [function, count] : counts_) {
      if (count >= most / 2 && functions.size() < kMostFunctions) functions.push_back(function);
    }
    return functions;
  }

  static std::uint64_t saturated(std::uint64_t a, std::uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
  }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<std::pair<std::string, std::uint64_t>> counts_;
};

Recursion of_python_frames(const Thread& thread) {
  Tally tally;
  Recursion recursion;
  bool is_counted = true;
  for (const Frame& frame : thread.frames) {
    const bool is_code = frame.kind == Frame::Kind::kCode;
    const std::uint64_t calls = is_code ? Tally::saturated(frame.repeat, 1) : frame.omitted;
    is_counted &= calls > 0;
    recursion.depth = Tally::saturated(recursion.depth, calls);
    if (!is_code || !frame.function_readable) continue;
    tally.add(fmt::format("{} ({})", frame.function, file_name_of(frame.file)), calls);
  }
  recursion.functions = tally.recurring();
  if (!is_counted) recursion.depth = 0;
  return recursion;
}

Recursion of_native_frames(const Thread& thread) {
  Tally tally;
  for (const StackEntry& entry : thread.stack) {
    const NativeFrame& frame = entry.native;
    if (entry.kind != StackEntry::Kind::kNative || frame.module.empty()) continue;
    if (passes_call_on(frame.function)) continue;
    const std::string_view module = file_name_of(frame.module);
    if (!frame.function.empty()) {
      tally.add(fmt::format("{} ({})", without_suffix(frame.function), module), 1);
    } else if (frame.offset) {
      tally.add(fmt::format("{}+{:#x}", module, *frame.offset), 1);
    }
  }
  return {tally.recurring(), 0};
}

}  // namespace

Recursion recursion_in(const Thread& thread) {
  Recursion recursion = of_python_frames(thread);
  return recursion.functions.empty() ? of_native_frames(thread) : recursion;
}

std::string describe_overflow(const Crash& crash) {
  std::string text = "the stack overflowed";
  const auto crashed = std::ranges::find_if(crash.threads, &Thread::crashed);
  if (crashed == crash.threads.end()) return text;
  const Recursion recursion = recursion_in(*crashed);
  if (recursion.functions.empty()) return text;
  text += fmt::format(": {} {}", listed(recursion.functions),
                      recursion.functions.size() == 1 ? "calls itself" : "call each other");
  if (recursion.depth > 0) text += fmt::format(", {} Python frames deep", recursion.depth);
  return text;
}

}  // namespace pyfault
