// What a program says about itself while it runs: annotations, breadcrumbs and heartbeats. They lie
// in the ring, so they outlive the process, however it dies.
//
// Guarantees. Writing takes no system call and no lock. A process that is killed in the middle of a
// write leaves what it said before: annotations are written into the copy that is not current, and
// a breadcrumb has no number while it is being written. The reader trusts nothing: it copies a
// block out and validates the copy.
//
// Layout. The ring has kContextCount blocks behind its slots (ring_layout.h), one for each process
// that has something to say: the one that attached and its forked children. A process claims a free
// block by writing its pid into the block's cell of RingHeader::context_owners; a forked child
// claims one of its own and continues with a copy of its parent's. Whoever claims a block clears
// it. The watchdog frees a block when its owner is dead, as does a process that executes another
// program.
//
//   | ContextHeader | annotations, copy 0 | annotations, copy 1 | breadcrumbs ....... |
//
// Annotations. Copy `version` % 2 is current. To change something, the writer fills the other copy
// and then increments `version`. A reader whose copy of the bytes lies between two loads of the
// same version has a consistent one. A copy begins with the number of bytes that follow; these are
// AnnotationHead, key, value, one after the other, without padding. A key stands there at most once
// for each thread.
//
// Breadcrumbs. Breadcrumb n (from 1 on) is in cell (n - 1) % kBreadcrumbCount. The writer sets the
// number to 0, fills the cell, and then stores the number. A reader that sees the same number
// before and after has a consistent copy.
//
// Memory order. `version` and `number` are stored with release after the bytes that they announce,
// and loaded with acquire.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shared/ring_layout.h"

namespace pyfault {

// Longer ones are truncated at the last character that fits whole; all text is UTF-8.
inline constexpr std::size_t kMaxAnnotationKey = 64;
inline constexpr std::size_t kMaxAnnotationValue = 1024;

// Written by the process; all are zero when a block is claimed.
struct ContextHeader {
  std::atomic<std::uint32_t> version;      // of the annotations
  std::atomic<std::uint32_t> left_out;     // annotations for which there was no room
  std::atomic<std::uint64_t> breadcrumbs;  // how many there have been
  std::atomic<std::int64_t> heartbeat_ns;  // CLOCK_MONOTONIC of the last one; 0: none
  std::atomic<std::uint32_t> tainted;      // faults that became exceptions
  std::uint32_t reserved[9];
};
static_assert(sizeof(ContextHeader) == 64);
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

struct AnnotationHead {
  std::uint16_t key_size;
  std::uint16_t value_size;
  std::int32_t tid;  // the thread that it holds for, in the process's pid namespace; 0: all
};
static_assert(sizeof(AnnotationHead) == 8);

struct AnnotationCopy {
  std::uint32_t size;  // at most sizeof bytes
  char bytes[4060];
};

struct Breadcrumb {
  std::atomic<std::uint64_t> number;  // 0: there is none, or it is being written
  std::int64_t realtime_ns;
  std::uint16_t size;  // at most sizeof text
  char text[238];
};
static_assert(sizeof(Breadcrumb) == 256);

inline constexpr std::size_t kBreadcrumbCount = 32;

struct ContextBlock {
  ContextHeader header;
  AnnotationCopy annotations[2];
  Breadcrumb crumbs[kBreadcrumbCount];
};
static_assert(sizeof(ContextBlock) == kContextSize, "whole pages");

// Requires index < kContextCount.
inline ContextBlock* ring_context(void* ring, std::uint32_t index) {
  return reinterpret_cast<ContextBlock*>(static_cast<std::byte*>(ring) + kContextsOffset +
                                         index * kContextSize);
}

}  // namespace pyfault
