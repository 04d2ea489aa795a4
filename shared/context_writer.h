// Writes what a program says about itself into its block of the ring; see context.h for the layout.
//
// Context: claim(), copy_from() and free() anywhere, signal handlers included; the others one at a
// time. Nothing here makes a system call, allocates or waits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/context.h"

namespace pyfault {

// UTF-8, not terminated by a NUL.
struct ContextText {
  const char* bytes = nullptr;
  std::size_t size = 0;
};

class ContextWriter {
 public:
  // Has no block.
  ContextWriter() = default;

  // Claims a free block for process `pid` and clears it. If there is none, counts the process as
  // one without context, and the result has no block.
  static ContextWriter claim(void* ring, std::int32_t pid);

  explicit operator bool() const { return block_ != nullptr; }
  // The number of the block. This and all functions below require that there is one.
  std::uint32_t index() const { return index_; }

  // Continues with a copy of what the parent said, for a forked child.
  void copy_from(const ContextWriter& parent);

  // Sets the annotation of thread `tid`, or of all threads (0), in place of an earlier one with the
  // same key. Returns false, and counts it as left out, if there is no room.
  bool annotate(std::int32_t tid, ContextText key, ContextText value);
  void remove_annotation(std::int32_t tid, ContextText key);

  void add_breadcrumb(std::int64_t realtime_ns, ContextText text);
  void beat(std::int64_t monotonic_ns);
  void taint();

  // Gives the block of process `pid` back; claim_again() takes it once more, with its content, if
  // nobody else has claimed it since.
  void free(std::int32_t pid);
  bool claim_again(std::int32_t pid);

 private:
  ContextWriter(void* ring, std::uint32_t index);
  // Between the two, the copy of the annotations that is not current is written: at first it has
  // all but that of `tid` with this key.
  AnnotationCopy& begin_change(std::int32_t tid, ContextText key);
  void end_change();

  void* ring_ = nullptr;
  ContextBlock* block_ = nullptr;
  std::uint32_t index_ = 0;
};

}  // namespace pyfault
