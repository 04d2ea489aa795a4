// Turns the frames of one thread into frame entries: identical neighbours folded, both ends of a
// deep stack kept, the middle counted. The entries are left in capture.scratch.frames.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

class FrameCollector {
 public:
  explicit FrameCollector(Capture& capture) : capture_(capture) {}

  // Walks the whole chain. Returns how many entries it left; capture.slot_full tells when a code
  // section had no room.
  std::uint32_t collect(std::uintptr_t innermost, std::uintptr_t cframe = 0,
                        std::uintptr_t thread = 0);
  // The last frame of a chain that collect() followed to its end; address 0 where there is none.
  const RawFrame& outermost() const { return outermost_; }
  // Of those shown, the innermost that is asyncio's call of a task's step tells the task; 0: none.
  std::uintptr_t callback_task() const { return callback_task_; }

 private:
  void add(const RawFrame& frame);
  // False when the frame left no code entry that the next one could be folded into.
  bool add_entry(const RawFrame& frame, std::uint64_t repeat);
  void add_marker(FrameKind kind, std::uint64_t value);
  void finish_outermost();
  void restart();

  Capture& capture_;
  RawFrame last_{};
  RawFrame outermost_{};
  std::uintptr_t callback_task_ = 0;
  bool foldable_ = false;              // last_ is what the newest entry shows
  std::uint32_t count_ = 0;            // entries in scratch.frames
  std::uint64_t outermost_count_ = 0;  // folded frames that went into scratch.outermost
  // Among those of the outermost part; the last such gap.
  bool has_late_gap_ = false;
  std::uintptr_t late_gap_ = 0;
  bool had_gap_ = false;
  bool hides_gaps_ = false;
  std::uint64_t omitted_ = 0;  // frames that were pushed out of it again
};

}  // namespace pyfault
