// What must hold for every Crash, however hostile its record was. Used by tests and fuzzers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/context.h"
#include "shared/record.h"
#include "watchdog/crash/crash.h"

namespace pyfault::test {

// Strict: rejects overlong forms, surrogates and everything above U+10FFFF (Unicode 15, table 3-7).
inline bool is_valid_utf8(std::string_view text) {
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    const auto byte = i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    return byte >= low && byte <= high;
  };
  const auto tails = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      if (!in(i, 0x80, 0xbf)) return false;
    return true;
  };
  const auto length = [&]() -> std::size_t {
    if (in(0, 0, 0x7f)) return 1;
    if (in(0, 0xc2, 0xdf)) return tails(1, 2) ? 2 : 0;
    if (in(0, 0xe0, 0xef)) {
      const bool second = in(1, in(0, 0xe0, 0xe0) ? 0xa0 : 0x80, in(0, 0xed, 0xed) ? 0x9f : 0xbf);
      return second && tails(2, 3) ? 3 : 0;
    }
    if (!in(0, 0xf0, 0xf4)) return 0;
    const bool second = in(1, in(0, 0xf0, 0xf0) ? 0x90 : 0x80, in(0, 0xf4, 0xf4) ? 0x8f : 0xbf);
    return second && tails(2, 4) ? 4 : 0;
  };
  while (!text.empty()) {
    const std::size_t step = length();
    if (step == 0) return false;
    text.remove_prefix(step);
  }
  return true;
}

inline std::string broken_invariant(const Frame& frame) {
  for (const std::string& text : {frame.file, frame.function, frame.name})
    if (!is_valid_utf8(text)) return "a frame's text is not UTF-8";
  if (!frame.file_readable && !frame.file.empty()) return "text in an unreadable file name";
  if (!frame.function_readable && !frame.function.empty()) return "text in an unreadable function";
  if (frame.line && *frame.line < 1) return "line below 1";
  if (frame.end_line && (!frame.line || *frame.end_line < *frame.line)) return "end before line";
  if (frame.column && (*frame.column < 0 || !frame.line)) return "column without its line";
  if (frame.end_column && (*frame.end_column < 0 || !frame.column || !frame.end_line))
    return "end column without its column";
  return {};
}

inline std::string broken_invariant(const std::vector<Annotation>& annotations) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : annotations) {
    if (key.empty() || !keys.insert(key).second) return "a key that is none, or is there twice";
    if (!is_valid_utf8(key) || !is_valid_utf8(value)) return "an annotation is not UTF-8";
  }
  return {};
}

inline std::string broken_invariant(const Context& context) {
  if (context.breadcrumbs.size() > kBreadcrumbCount) return "more breadcrumbs than there can be";
  for (const Crumb& crumb : context.breadcrumbs)
    if (!is_valid_utf8(crumb.text)) return "a breadcrumb is not UTF-8";
  if (context.heartbeat_age_seconds.value_or(0) < 0) return "a heartbeat in the future";
  return broken_invariant(context.annotations);
}

inline std::string broken_invariant(const Thread& thread) {
  if (!is_valid_utf8(thread.name)) return "a thread's name is not UTF-8";
  if (!is_valid_utf8(thread.task)) return "a task's name is not UTF-8";
  if (thread.tid && *thread.tid <= 0) return "thread id not positive";
  if (thread.interpreter && *thread.interpreter < 0) return "interpreter below 0";
  for (const Frame& frame : thread.frames)
    if (auto broken = broken_invariant(frame); !broken.empty()) return broken;
  return broken_invariant(thread.annotations);
}

// Returns what does not hold, or an empty string.
inline std::string broken_invariant(const Crash& crash) {
  if (crash.complete != crash.incomplete_reason.empty()) return "complete and its reason disagree";
  if (crash.pid <= 0 || crash.tid < 0) return "pid not positive, or tid negative";
  if (crash.tid == 0 && (crash.complete || crash.kind == CrashKind::kDump))
    return "nobody's crash is complete, or a dump";
  if (crash.tid == 0 && !crash.threads.empty() && crash.threads.front().crashed)
    return "a crashed thread where it is not known which";
  if (crash.requested_by && crash.kind != CrashKind::kDump) return "a crash on request";
  if (crash.realtime_ns < 0 || crash.monotonic_ns < 0) return "time below 0";
  if ((crash.kind == CrashKind::kDump) != (crash.signal.number == 0))
    return "kind and signal disagree";
  if (crash.became_exception && (crash.kind == CrashKind::kDump || crash.fatal))
    return "an exception after a death, or in a dump";
  if (crash.became_exception && !crash.exception_refused.empty())
    return "an exception that was refused";
  if (crash.fingerprint.size() != 16) return "fingerprint of a wrong size";
  if (crash.last_words && !is_valid_utf8(crash.last_words->type + crash.last_words->text))
    return "last words are not UTF-8";
  if (!crash.registers.empty() && crash.kind == CrashKind::kDump) return "registers of a dump";
  if (crash.registers.size() > kRegisterCount) return "more registers than there are";
  if (crash.instruction && crash.registers.empty()) return "an instruction at no address";
  if (crash.instruction && crash.instruction->bytes.size() > 2 * kInstructionBytes)
    return "too much machine code";
  for (std::size_t i = 1; i < crash.threads.size(); ++i)
    if (crash.threads[i].crashed && !crash.threads[i - 1].crashed)
      return "crashed thread not first";
  for (const Thread& thread : crash.threads)
    if (auto broken = broken_invariant(thread); !broken.empty()) return broken;
  return broken_invariant(crash.context);
}

// The approximate number of bytes that the crash occupies on the heap.
inline std::size_t weight(const Crash& crash) {
  std::size_t bytes = crash.threads.capacity() * sizeof(Thread);
  bytes += crash.registers.capacity() * sizeof(Register);
  if (crash.instruction) bytes += crash.instruction->bytes.capacity();
  for (const Thread& thread : crash.threads) {
    bytes +=
        thread.name.capacity() + thread.task.capacity() + thread.frames.capacity() * sizeof(Frame);
    for (const Frame& frame : thread.frames)
      bytes += frame.file.capacity() + frame.function.capacity() + frame.name.capacity();
  }
  return bytes;
}

}  // namespace pyfault::test
