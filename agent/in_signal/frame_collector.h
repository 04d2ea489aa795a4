// Turns the frames of one thread into frame entries: folds identical neighbours, keeps both ends of
// a deep stack and counts the middle. The entries are left in capture.scratch.frames.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/anchor_finder.h"
#include "agent/in_signal/capture.h"
#include "agent/in_signal/frame_chain.h"

namespace pyfault {

class FrameCollector {
 public:
  // `anchors`: follows the same chain; null: none are wanted.
  explicit FrameCollector(Capture& capture, AnchorFinder* anchors = nullptr)
      : capture_(capture), anchors_(anchors) {}

  // Walks the whole chain and returns the number of entries. Sets capture.slot_full if there is no
  // room for a code section. For the parameters, see FrameChain.
  std::uint32_t collect(std::uintptr_t innermost, std::uintptr_t cframe = 0,
                        std::uintptr_t thread = 0);
  // Returns the last frame of a chain that collect() has followed to its end; address 0 if there is
  // no such frame.
  const RawFrame& outermost() const { return outermost_; }
  // Returns the task whose step is called by the innermost frame shown that runs asyncio's
  // Handle._run; 0 if there is none.
  std::uintptr_t callback_task() const { return callback_task_; }

 private:
  void follow(FrameChain& chain, std::uint32_t limit);
  void add(const RawFrame& link);
  void add_gap(std::uintptr_t broken_link);
  void add_frame(const RawFrame& frame);
  // Returns false if the frame has left no code entry into which the next one can be folded.
  bool add_entry(const RawFrame& frame, std::uint64_t repeat);
  void add_marker(FrameKind kind, std::uint64_t value);
  void finish_outermost();
  void restart();

  Capture& capture_;
  AnchorFinder* anchors_;
  RawFrame last_{};
  RawFrame outermost_{};
  std::uintptr_t callback_task_ = 0;
  bool foldable_ = false;              // last_ is what the newest entry shows
  std::uint32_t count_ = 0;            // entries in scratch.frames
  std::uint32_t shown_ = 0;            // frames that these entries and scratch.outermost stand for
  std::uint64_t outermost_count_ = 0;  // folded frames that went into scratch.outermost
  // Whether there is a gap in the outermost part, and the broken link of the last one.
  bool has_late_gap_ = false;
  std::uintptr_t late_gap_ = 0;
  bool had_gap_ = false;
  bool hides_gaps_ = false;
  std::uint64_t omitted_ = 0;  // frames that were pushed out of scratch.outermost
};

}  // namespace pyfault
