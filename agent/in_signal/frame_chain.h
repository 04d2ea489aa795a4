// Follows the chain of frames of one thread, innermost first.
//
// A link that was overwritten with zero looks like the end of the chain. So an end is believed only
// where a chain can end:
//   3.12 on     at a shim, which stands below all that one call from C runs (from 3.13 on a zeroed
//               link of a shim itself is not told from the end);
//   3.11        at a frame that says that C called it;
//   3.11, 3.12  with no frame missing that an evaluation loop on the C stack was running: each of
//               their cframes names one, and the chain must have led through all of them.
//   3.8 to 3.10 at a frame that no other one called (caller_on_stack.h).
//
// Where a link is broken, or there are frames further out than the chain's end, the walk goes on
// there: what is broken lies on the C stack most of the time, and the frames do not. From 3.11 on
// they lie on the thread's data stack (data_stack.h), and in the generators that these hold.
//
// Context: see capture.h. Bounded: by the end of the chain, an unreadable link, a cycle, or
// kMaxWalk.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/data_stack.h"

namespace pyfault {

// 1,048,576 links: ten times the deepest recursion seen in the field, 0.1 s at a cache miss each.
inline constexpr std::uint32_t kMaxWalk = 1u << 20;

// Each gap costs a pass over a chunk of the data stack.
inline constexpr std::uint32_t kMaxGaps = 1024;
inline constexpr std::uint32_t kMaxGapsOnCStack = 16;  // and each over the chains of all threads

enum class ChainEnd { kEnd, kUnreadable, kCycle, kTooLong };

class FrameChain {
 public:
  // `cframe`: of the innermost evaluation loop, where the version has one; 0: not known. `thread`:
  // the thread state, likewise.
  FrameChain(const PythonRuntimeView& python, std::uintptr_t innermost, std::uintptr_t cframe,
             std::uintptr_t thread = 0);

  // The next link, shims included; false at the end of the chain, which end() then names.
  bool next(RawFrame& frame);
  ChainEnd end() const { return end_; }
  std::uintptr_t broken_at() const { return next_; }  // for kUnreadable; 0: no end was reached

  // Whether it led to as many frames as the thread says that it runs (3.12 on): then none is
  // missing, whatever was broken.
  bool has_all_frames() const;

 private:
  bool follow_link(RawFrame& frame);
  bool go_on_behind_gap(RawFrame& frame);
  bool read(RawFrame& frame);
  bool is_overwritten_shim(const RawFrame& frame);
  bool seen_before();
  void await_next_loop();
  bool may_end_here() const;
  std::uintptr_t find_further_out();
  bool has_passed_generator(std::uintptr_t frame) const;

  static constexpr std::uint32_t kMaxGenerators = 32;

  const PythonRuntimeView& python_;
  std::uintptr_t thread_;
  DataStack data_stack_;
  std::uintptr_t last_ = 0;                    // frame, not a shim
  std::uint32_t frames_ = 0;                   // likewise
  std::uintptr_t generators_[kMaxGenerators];  // whose frames were passed
  std::uint32_t generator_count_ = 0;
  std::uint32_t gaps_ = 0;
  std::uintptr_t next_;
  ChainEnd end_ = ChainEnd::kEnd;
  bool at_entry_ = true;
  std::uintptr_t cframe_;
  std::uintptr_t awaited_ = 0;  // the frame that the next evaluation loop outwards runs; 0: none
  // Brent's cycle detection: the landmark moves on at every power of two.
  std::uintptr_t landmark_;
  std::uint32_t steps_ = 0;
  std::uint32_t power_ = 1;
  std::uint32_t since_landmark_ = 0;
};

// How many links, from the innermost on, are distinct: what to show of a chain that is a cycle.
std::uint32_t distinct_links(const PythonRuntimeView& python, std::uintptr_t innermost);

}  // namespace pyfault
