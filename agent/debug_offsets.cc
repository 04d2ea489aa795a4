#include "agent/debug_offsets.h"

#include <cstddef>
#include <cstring>

#include "agent/layout_tables.h"

namespace pyfault {
namespace {

constexpr unsigned kFirstMinor = 13;
constexpr std::size_t kMinors = 3;  // 3.13, 3.14, 3.15: the struct's own layout changes by minor
static_assert(kFirstMinor + kMinors - 1 == kNewestMinor, "a new version has its offsets below");
constexpr char kCookie[8] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};
constexpr std::size_t kVersionAt = 8, kFreeThreadedAt = 16;

std::uint64_t word_at(std::uintptr_t runtime, std::size_t offset) {
  std::uint64_t word;
  std::memcpy(&word, reinterpret_cast<const std::byte*>(runtime) + offset, sizeof word);
  return word;
}

struct OffsetCheck {
  std::size_t at[kMinors];  // in _Py_DebugOffsets of 3.13, 3.14, 3.15
  std::uint16_t expected;   // in the agent's table
};

DebugCheck check_offsets(const PythonLayout& layout, std::uintptr_t runtime) {
  const OffsetCheck checks[] = {
      {{32, 32, 32}, layout.runtime.finalizing},
      {{40, 40, 40}, layout.runtime.interpreters_head},
      {{56, 56, 56}, layout.interpreter.id},
      {{64, 64, 64}, layout.interpreter.next},
      {{72, 72, 72}, layout.interpreter.threads_head},
      {{168, 192, 192}, layout.thread.next},
      {{184, 208, 208}, layout.thread.frame},
      {{192, 216, 240}, layout.thread.thread_id},
      {{200, 224, 248}, layout.thread.native_thread_id},
      {{232, 256, 320}, layout.frame.previous},
      {{240, 264, 328}, layout.frame.code},
      {{248, 272, 336}, layout.frame.position},
      {{256, 280, 344}, layout.frame.locals},
      {{264, 288, 352}, layout.frame.owner},
      {{280, 320, 384}, layout.code.file_name},
      {{288, 328, 392}, layout.code.name},
      {{296, 336, 400}, layout.code.qualified_name},
      {{304, 344, 408}, layout.code.line_table},
      {{312, 352, 416}, layout.code.first_line},
      {{344, 384, 448}, layout.code.instructions},
      {{360, 408, 472}, layout.object.type},
      {{392, 440, 504}, layout.object.type_flags},
      {{520, 600, 696}, layout.object.size},
      {{528, 608, 704}, layout.bytes_data},
      {{544, 624, 720}, layout.string.state},
      {{552, 632, 728}, layout.string.length},
      {{560, 640, 736}, layout.string.ascii_data},
  };
  auto number = static_cast<std::uint32_t>(DebugCheck::kFirstOffset);
  for (const OffsetCheck& check : checks) {
    if (word_at(runtime, check.at[layout.minor - kFirstMinor]) != check.expected) {
      return static_cast<DebugCheck>(number);
    }
    ++number;
  }
  return DebugCheck::kNone;
}

}  // namespace

bool debug_offsets_free_threaded(std::uintptr_t runtime) {
  return word_at(runtime, kFreeThreadedAt) != 0;
}

DebugCheck check_debug_offsets(const PythonLayout& layout, std::uintptr_t runtime) {
  if (layout.minor < kFirstMinor) return DebugCheck::kNone;
  if (std::memcmp(reinterpret_cast<const void*>(runtime), kCookie, sizeof kCookie) != 0) {
    return DebugCheck::kCookie;
  }
  const std::uint64_t version = word_at(runtime, kVersionAt);
  if (version >> 24 != 3 || (version >> 16 & 0xff) != layout.minor) return DebugCheck::kVersion;
  if (debug_offsets_free_threaded(runtime) != layout.free_threaded) {
    return DebugCheck::kFreeThreaded;
  }
  return check_offsets(layout, runtime);
}

}  // namespace pyfault
