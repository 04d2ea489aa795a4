// Finds the anchors of a thread (shared/record.h) while its chain of frames is walked: for each
// evaluation loop on the C stack, one address in it and the outermost frame that it runs, if any.
//
//   3.8, 3.9   none
//   3.10       the loop's cframe. Each frame has a loop of its own, and the cframes form a chain of
//              their own. Only their number tells that the two chains belong together, so there is
//              no anchor unless both end together.
//   3.11       the loop's cframe, which names the innermost frame; the outermost one is marked as
//              called from C. Where the mark was cleared, the next loop's cframe, if there is one,
//              names the frame that follows.
//   3.12 on    the shim frame, which follows the frames of each loop in the chain.
//
// Behind a gap in the chain there is none: nothing tells which loop has run the frames on both
// sides of it.
//
// Context: see capture.h. Every read is guarded; at most three for each loop.
#pragma once

#include <cstdint>

#include "agent/in_signal/anchor_list.h"
#include "agent/in_signal/capture.h"
#include "agent/in_signal/frame_chain.h"
#include "agent/in_signal/thread_list.h"

namespace pyfault {

class AnchorFinder {
 public:
  // Puts the anchors of `thread` into `anchors`, in place of what is there.
  AnchorFinder(const PythonRuntimeView& python, const ThreadState& thread, AnchorList& anchors);

  // To be called for each link of the chain, innermost first. `shown`: how many frames the thread's
  // entries show, up to and including this link.
  void pass(const RawFrame& link, std::uint32_t shown);
  // See AnchorList.
  void take_out_frames(std::uint32_t first, std::uint32_t count) {
    anchors_.take_out_frames(first, count);
  }
  // To be called before the chain is walked again.
  void restart();
  // To be called when the chain has been walked for the last time.
  void finish(ChainEnd end);

 private:
  void enter_loop(std::uintptr_t cframe);
  std::uintptr_t loop_that_ends_at(const RawFrame& frame);
  std::uintptr_t innermost_frame_of(std::uintptr_t cframe) const;
  std::uintptr_t previous_of(std::uintptr_t cframe) const;

  const PythonRuntimeView& python_;
  AnchorList& anchors_;
  const std::uintptr_t innermost_cframe_;
  const std::uintptr_t root_cframe_;    // the outermost one, which belongs to no loop (3.10)
  std::uintptr_t cframe_ = 0;           // of the loop that runs the next frame (3.10, 3.11)
  std::uintptr_t innermost_frame_ = 0;  // of that loop; 0: unknown, as always in 3.10
  std::uintptr_t next_cframe_ = 0;      // of the next loop further out
  std::uintptr_t caller_ = 0;           // the innermost frame of the next loop; 0: unknown
  bool enters_loop_ = true;             // the next frame is the innermost one of a loop
  bool is_lost_ = false;                // nothing further out is certain
  std::uint32_t shown_ = 0;             // up to the last anchor
};

}  // namespace pyfault
