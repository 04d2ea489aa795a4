#include "agent/cpython/debug_offsets.h"

#include <cstddef>
#include <cstring>

#include "agent/cpython/versions.h"

namespace pyfault {
namespace {

constexpr char kCookie[8] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};
constexpr std::size_t kVersionAt = 8, kFreeThreadedAt = 16;

std::uint64_t word_at(std::uintptr_t runtime, std::size_t offset) {
  std::uint64_t word;
  std::memcpy(&word, reinterpret_cast<const std::byte*>(runtime) + offset, sizeof word);
  return word;
}

DebugCheck check_offsets(const PythonLayout& layout, const DebugOffsetPositions& positions,
                         std::uintptr_t runtime) {
  const std::uint16_t expected[] = {
      layout.runtime.finalizing,
      layout.runtime.interpreters_head,
      layout.interpreter.id,
      layout.interpreter.next,
      layout.interpreter.threads_head,
      layout.thread.next,
      layout.thread.frame,
      layout.thread.thread_id,
      layout.thread.native_thread_id,
      layout.frame.previous,
      layout.frame.code,
      layout.frame.position,
      layout.frame.locals,
      layout.frame.owner,
      layout.code.file_name,
      layout.code.name,
      layout.code.qualified_name,
      layout.code.line_table,
      layout.code.first_line,
      layout.code.instructions,
      layout.object.type,
      layout.object.type_flags,
      layout.object.size,
      layout.bytes_data,
      layout.string.state,
      layout.string.length,
      layout.string.ascii_data,
  };
  static_assert(sizeof expected / sizeof expected[0] == DebugOffsetPositions{}.size());
  for (std::uint32_t index = 0; index < positions.size(); ++index) {
    if (word_at(runtime, positions[index]) != expected[index]) {
      return static_cast<DebugCheck>(static_cast<std::uint32_t>(DebugCheck::kFirstOffset) + index);
    }
  }
  return DebugCheck::kNone;
}

}  // namespace

bool debug_offsets_free_threaded(std::uintptr_t runtime) {
  return word_at(runtime, kFreeThreadedAt) != 0;
}

DebugCheck check_debug_offsets(const PythonVersion& version, std::uintptr_t runtime) {
  const PythonLayout& layout = version.layout;
  if (version.debug_offsets == nullptr) return DebugCheck::kNone;
  if (std::memcmp(reinterpret_cast<const void*>(runtime), kCookie, sizeof kCookie) != 0) {
    return DebugCheck::kCookie;
  }
  const std::uint64_t running = word_at(runtime, kVersionAt);
  if (running >> 24 != 3 || (running >> 16 & 0xff) != layout.minor) return DebugCheck::kVersion;
  if (debug_offsets_free_threaded(runtime) != layout.free_threaded) {
    return DebugCheck::kFreeThreaded;
  }
  return check_offsets(layout, *version.debug_offsets, runtime);
}

}  // namespace pyfault
