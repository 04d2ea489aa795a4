#include "shared/context_reader.h"

#include <atomic>
#include <cstring>

namespace pyfault {
namespace {

// One attempt takes less time than a program needs for two annotations or breadcrumbs.
constexpr int kAttempts = 64;

// Returns false if the copy may be a mixture of two versions.
bool try_to_copy(const ContextBlock& block, AnnotationCopy& to) {
  const std::uint32_t version = block.header.version.load(std::memory_order_acquire);
  const AnnotationCopy& from = block.annotations[version % 2];
  std::uint32_t size = 0;
  std::memcpy(&size, &from.size, sizeof size);
  to.size = size < sizeof to.bytes ? size : sizeof to.bytes;
  std::memcpy(to.bytes, from.bytes, to.size);
  std::atomic_thread_fence(std::memory_order_acquire);
  return block.header.version.load(std::memory_order_relaxed) == version;
}

void copy_annotations(const ContextBlock& block, AnnotationCopy& to) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (try_to_copy(block, to)) return;
  }
  to.size = 0;
}

// Returns false if there is no breadcrumb in the cell, or it was the oldest and is being replaced.
bool copy_crumb(const Breadcrumb& from, CrumbCopy& to) {
  to.number = from.number.load(std::memory_order_acquire);
  if (to.number == 0) return false;
  std::memcpy(&to.realtime_ns, &from.realtime_ns, sizeof to.realtime_ns);
  std::uint16_t size = 0;
  std::memcpy(&size, &from.size, sizeof size);
  to.size = size < sizeof to.text ? size : sizeof to.text;
  std::memcpy(to.text, from.text, to.size);
  std::atomic_thread_fence(std::memory_order_acquire);
  return from.number.load(std::memory_order_relaxed) == to.number;
}

}  // namespace

void copy_context(const ContextBlock& block, ContextCopy& to) {
  to.left_out = block.header.left_out.load(std::memory_order_relaxed);
  to.heartbeat_ns = block.header.heartbeat_ns.load(std::memory_order_relaxed);
  copy_annotations(block, to.annotations);
  to.crumb_count = 0;
  for (const Breadcrumb& crumb : block.crumbs) {
    if (copy_crumb(crumb, to.crumbs[to.crumb_count])) ++to.crumb_count;
  }
}

}  // namespace pyfault
