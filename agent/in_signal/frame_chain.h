// Follows the chain of frames of one thread, innermost first.
//
// Context: see capture.h. Bounded: by the end of the chain, an unreadable link, a cycle, or
// kMaxWalk.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// 1,048,576 links: ten times the deepest recursion seen in the field, 0.1 s at a cache miss each.
inline constexpr std::uint32_t kMaxWalk = 1u << 20;

enum class ChainEnd { kEnd, kUnreadable, kCycle, kTooLong };

class FrameChain {
 public:
  FrameChain(const PythonRuntimeView& python, std::uintptr_t innermost)
      : python_(python), next_(innermost), landmark_(innermost) {}

  // The next link, shims included; false at the end of the chain, which end() then names.
  bool next(RawFrame& frame);
  ChainEnd end() const { return end_; }
  std::uintptr_t broken_at() const { return next_; }  // for kUnreadable; 0: no end was reached

 private:
  bool read(RawFrame& frame);
  bool seen_before();
  bool ends_too_soon() const;

  const PythonRuntimeView& python_;
  std::uintptr_t next_;
  ChainEnd end_ = ChainEnd::kEnd;
  bool at_shim_ = false;
  // Brent's cycle detection: the landmark moves on at every power of two.
  std::uintptr_t landmark_;
  std::uint32_t steps_ = 0;
  std::uint32_t power_ = 1;
  std::uint32_t since_landmark_ = 0;
};

// How many links, from the innermost on, are distinct: what to show of a chain that is a cycle.
std::uint32_t distinct_links(const PythonRuntimeView& python, std::uintptr_t innermost);

}  // namespace pyfault
