#include "watchdog/crash/fingerprint.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pyfault {
namespace {

constexpr std::size_t kFrames = 5;
constexpr std::string_view kUnreadableName = "???";

std::string signal_class(const Signal& signal) {
  if (signal.number == 0) return "dump";
  return signal.number == SIGSEGV || signal.number == SIGBUS ? "memory" : signal.name;
}

std::string_view basename(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

std::string spell(const Frame& frame) {
  std::string text(frame.file_readable ? basename(frame.file) : kUnreadableName);
  text += ':';
  text += frame.function_readable ? frame.function : kUnreadableName;
  return text;
}

std::vector<std::string> innermost(const Thread& thread) {
  std::vector<std::string> functions;
  for (const Frame& frame : thread.frames) {
    if (functions.size() == kFrames) break;
    if (frame.kind != Frame::Kind::kCode) continue;
    std::string function = spell(frame);
    if (std::ranges::find(functions, function) == functions.end())
      functions.push_back(std::move(function));
  }
  return functions;
}

std::vector<std::string> innermost_of_crashed(const Crash& crash) {
  const auto crashed = std::ranges::find_if(crash.threads, &Thread::crashed);
  auto functions =
      crashed == crash.threads.end() ? std::vector<std::string>() : innermost(*crashed);
  if (functions.empty()) functions.emplace_back("no python frames");
  return functions;
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

std::string fingerprint(const Crash& crash) {
  std::string lines = "pyfault-fingerprint/1\n" + signal_class(crash.signal) + '\n';
  for (const std::string& function : innermost_of_crashed(crash)) lines += function + '\n';
  return hex16(fnv1a(lines));
}

}  // namespace pyfault
