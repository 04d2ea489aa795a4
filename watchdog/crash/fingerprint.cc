#include "watchdog/crash/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "watchdog/crash/native_names.h"

namespace pyfault {
namespace {

constexpr std::size_t kFrames = 5;
constexpr std::string_view kUnreadableName = "???";

std::string signal_class(const Signal& signal) {
  if (signal.number == 0) return "dump";
  return signal.number == SIGSEGV || signal.number == SIGBUS ? "memory" : signal.name;
}

std::vector<std::string> functions_of(const Thread& thread) {
  std::vector<std::string> functions;
  for (const Frame& frame : thread.frames) {
    if (frame.kind != Frame::Kind::kCode) continue;
    functions.push_back(
        function_for_fingerprint(frame.file_readable ? frame.file : kUnreadableName,
                                 frame.function_readable ? frame.function : kUnreadableName));
  }
  return functions;
}

// Addresses in no module are left out: they differ from run to run.
std::string function_for_fingerprint(const NativeFrame& frame) {
  if (!frame.function.empty()) return std::string(without_suffix(frame.function));
  if (frame.module.empty() || !frame.offset) return "";
  return fmt::format("{} {} {:#x}", file_name_of(frame.module), frame.build_id, *frame.offset);
}

std::vector<std::string> native_functions_of(const Thread& thread) {
  std::vector<std::string> functions;
  for (const StackEntry& entry : thread.stack) {
    if (entry.kind != StackEntry::Kind::kNative || ends_process(entry.native.function)) continue;
    std::string function = function_for_fingerprint(entry.native);
    if (!function.empty()) functions.push_back(std::move(function));
  }
  return functions;
}

const Thread* faulting_thread(const Crash& crash) {
  const auto crashed = std::ranges::find_if(crash.threads, &Thread::crashed);
  return crashed == crash.threads.end() ? nullptr : &*crashed;
}

std::vector<std::string> innermost(const std::vector<std::string>& functions) {
  std::vector<std::string> different;
  for (const std::string& function : functions) {
    if (different.size() == kFrames) break;
    if (std::ranges::find(different, function) == different.end()) different.push_back(function);
  }
  if (different.empty()) different.emplace_back("no python frames");
  return different;
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

std::string hex16(std::uint64_t number) {
  std::string digits(16, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number >>= 4)
    *digit = "0123456789abcdef"[number & 15];
  return digits;
}

}  // namespace

std::string function_for_fingerprint(std::string_view file, std::string_view function) {
  return fmt::format("{}:{}", file_name_of(file), function);
}

std::string fingerprint(std::string_view kind, const std::vector<std::string>& functions) {
  std::string lines = fmt::format("pyfault-fingerprint/1\n{}\n", kind);
  for (const std::string& function : innermost(functions)) lines += function + '\n';
  return hex16(fnv1a(lines));
}

std::string fingerprint(const Crash& crash) {
  std::vector<std::string> functions;
  if (const Thread* crashed = faulting_thread(crash)) {
    functions = functions_of(*crashed);
    if (functions.empty()) functions = native_functions_of(*crashed);
  }
  return fingerprint(signal_class(crash.signal), functions);
}

}  // namespace pyfault
