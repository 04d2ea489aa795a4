// Follows the chain of frames of one thread, innermost first.
//
// A link that was overwritten with zero looks like the end of the chain, so an end is accepted only
// where a chain can end:
//   3.12 on     at a shim, which lies below everything that one call from C runs (from 3.13 on, a
//               zeroed link of the shim itself cannot be told from the end);
//   3.11        at a frame that is marked as called from C;
//   3.11, 3.12  if no frame is missing that an evaluation loop on the C stack was running: the
//               cframe of each loop names one, and the chain must have led through all of them;
//   3.8 to 3.10 at a frame of which no caller is found, and none is in doubt (caller_on_stack.h).
//
// A link that was overwritten with the address of a frame further out leads past those in between.
// In 3.11 and 3.12 this shows where it leads past the frame that the next loop outwards runs, or to
// it from a frame that C has not called.
//
// Where a link is broken or leads past frames, or frames lie further out than the end of the chain,
// the walk continues at those frames. Usually the damage is on the C stack, and the frames are not:
// from 3.11 on they lie on the thread's data stack (data_stack.h) and in the generators that these
// frames hold.
//
// Context: see capture.h. Bounded by kMaxWalk; also ends at an unreadable link or a cycle.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/data_stack.h"

namespace pyfault {

// 1,048,576 links, ten times the deepest recursion seen in practice: 0.1 s at a cache miss each.
inline constexpr std::uint32_t kMaxWalk = 1u << 20;

// Each gap costs a pass over a chunk of the data stack.
inline constexpr std::uint32_t kMaxGaps = 1024;
inline constexpr std::uint32_t kMaxGapsOnCStack = 16;  // each walks the chains of all threads

enum class ChainEnd { kEnd, kUnreadable, kCycle, kTooLong };

class FrameChain {
 public:
  // `innermost`: the first frame; 0: none. `cframe`: that of the innermost evaluation loop; 0:
  // unknown. `thread`: the thread state; 0: unknown.
  FrameChain(const PythonRuntimeView& python, std::uintptr_t innermost, std::uintptr_t cframe,
             std::uintptr_t thread = 0);

  // Finds the next link, shims included. Returns false at the end of the chain; see end().
  bool next(RawFrame& frame);
  ChainEnd end() const { return end_; }
  std::uintptr_t broken_at() const { return next_; }  // for kUnreadable; 0: not a valid end

  // Returns whether the walk has led to as many frames as the thread state says are running (3.12
  // on). If so, no frame is missing in spite of broken links.
  bool has_all_frames() const;

 private:
  bool follow_link(RawFrame& frame);
  bool resume_after_gap(RawFrame& frame);
  bool read(RawFrame& frame);
  bool is_overwritten_shim(const RawFrame& frame);
  bool seen_before();
  void await_next_loop();
  bool leads_past_next_loop(const RawFrame& frame);
  bool may_end_here() const;
  std::uintptr_t find_on_stack();
  std::uintptr_t find_further_out();
  bool has_passed_generator(std::uintptr_t frame) const;

  static constexpr std::uint32_t kMaxGenerators = 32;

  const PythonRuntimeView& python_;
  std::uintptr_t thread_;
  DataStack data_stack_;
  std::uintptr_t last_ = 0;                    // the last frame that is not a shim
  std::uint32_t frames_ = 0;                   // the number of frames that are not shims
  std::uintptr_t generators_[kMaxGenerators];  // frames of generators that were passed
  std::uint32_t generator_count_ = 0;
  std::uint32_t gaps_ = 0;
  std::uintptr_t next_;
  ChainEnd end_ = ChainEnd::kEnd;
  bool at_entry_ = true;
  std::uintptr_t cframe_;
  std::uintptr_t awaited_ = 0;    // the frame that the next evaluation loop outwards runs; 0: none
  bool leads_past_loop_ = false;  // see leads_past_next_loop()
  // Brent's cycle detection: the landmark moves at every power of two.
  std::uintptr_t landmark_;
  std::uint32_t steps_ = 0;
  std::uint32_t power_ = 1;
  std::uint32_t since_landmark_ = 0;
};

// Returns the number of distinct links from the innermost on: how much of a cyclic chain to show.
std::uint32_t distinct_links(const PythonRuntimeView& python, std::uintptr_t innermost);

}  // namespace pyfault
