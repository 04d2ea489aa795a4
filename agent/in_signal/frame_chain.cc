#include "agent/in_signal/frame_chain.h"

#include "agent/in_signal/caller_on_stack.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"
#include "agent/in_signal/running_generator.h"

namespace pyfault {
namespace {

constexpr std::size_t kLargestFrame = 128;

// FRAME_OWNED_BY_CSTACK or FRAME_OWNED_BY_INTERPRETER. CPython uses no higher value.
bool owned_by_shim(std::uint8_t owner) {
  return owner == 3 || owner == 4;
}

bool is_shim(const PythonLayout& layout, const std::byte* frame) {
  return layout.frame.owner != kAbsent &&
         owned_by_shim(field<std::uint8_t>(frame, layout.frame.owner));
}

bool is_entry(const PythonLayout& layout, const std::byte* frame) {
  if (layout.frame.owner != kAbsent) return is_shim(layout, frame);
  return layout.frame.is_entry == kAbsent || field<std::uint8_t>(frame, layout.frame.is_entry) != 0;
}

bool follow(const PythonRuntimeView& python, std::uintptr_t& frame) {
  return plausible_object(frame) && guarded_read(frame + python.layout.frame.previous, frame);
}

}  // namespace

FrameChain::FrameChain(const PythonRuntimeView& python, std::uintptr_t innermost,
                       std::uintptr_t cframe, std::uintptr_t thread)
    : python_(python),
      thread_(thread),
      data_stack_(python, thread),
      next_(innermost),
      cframe_(cframe),
      landmark_(innermost) {
  await_next_loop();
}

inline bool FrameChain::read(RawFrame& frame) {
  const PythonLayout& layout = python_.layout;
  std::byte copy[kLargestFrame];
  if (!plausible_object(next_) || !guarded_copy(copy, next_, layout.frame.size)) return false;
  if (layout.type_checked_frames &&
      field<std::uintptr_t>(copy, layout.object.type) != python_.frame_type) {
    return false;
  }
  frame.address = next_;
  frame.after_gap = false;
  frame.broken_link = 0;
  frame.previous = field<std::uintptr_t>(copy, layout.frame.previous);
  frame.code = field<std::uintptr_t>(copy, layout.frame.code) & ~kStackRefTag;
  frame.position = layout.position == FramePosition::kInstructionPointer
                       ? field<std::uintptr_t>(copy, layout.frame.position)
                       : static_cast<std::uintptr_t>(
                             std::intptr_t{field<std::int32_t>(copy, layout.frame.position)});
  frame.tlbc_index =
      layout.frame.tlbc_index == kAbsent ? 0 : field<std::int32_t>(copy, layout.frame.tlbc_index);
  frame.shim = is_shim(layout, copy);
  frame.entry = is_entry(layout, copy);
  return true;
}

inline bool FrameChain::seen_before() {
  if (next_ == landmark_) return true;
  if (++since_landmark_ == power_) {
    landmark_ = next_;
    power_ *= 2;
    since_landmark_ = 0;
  }
  return false;
}

// Returns whether a frame outside the data stack is neither a shim nor the frame of a generator,
// which has a code object: then it was a shim on the C stack.
inline bool FrameChain::is_overwritten_shim(const RawFrame& frame) {
  if (data_stack_.pass(frame.address) || !data_stack_ || frame.shim) return false;
  if (!is_code_object(python_, frame.code)) return true;
  if (generator_count_ < kMaxGenerators) generators_[generator_count_] = frame.address;
  ++generator_count_;
  return false;
}

bool FrameChain::next(RawFrame& frame) {
  if (end_ != ChainEnd::kEnd) return false;
  if (leads_past_loop_ && resume_after_gap(frame)) return true;
  if (end_ != ChainEnd::kEnd) return false;
  return follow_link(frame) ||
         (end_ != ChainEnd::kTooLong && end_ != ChainEnd::kCycle && resume_after_gap(frame));
}

bool FrameChain::follow_link(RawFrame& frame) {
  if (next_ == 0) {
    if (!may_end_here()) end_ = ChainEnd::kUnreadable;
    return false;
  }
  if (steps_ == kMaxWalk) {
    end_ = ChainEnd::kTooLong;
    return false;
  }
  if (steps_ != 0 && seen_before()) {
    end_ = ChainEnd::kCycle;
    return false;
  }
  if (!read(frame) || is_overwritten_shim(frame)) {
    end_ = ChainEnd::kUnreadable;
    return false;
  }
  ++steps_;
  if (!frame.shim) {
    last_ = frame.address;
    ++frames_;
  }
  next_ = frame.previous;
  at_entry_ = frame.entry;
  if (frame.address == awaited_) await_next_loop();
  leads_past_loop_ = leads_past_next_loop(frame);
  return true;
}

bool FrameChain::has_passed_generator(std::uintptr_t frame) const {
  for (std::uint32_t index = 0; index < generator_count_; ++index) {
    if (index == kMaxGenerators || generators_[index] == frame) return true;
  }
  return false;
}

// Where a caller is in doubt, the chain has not come to its end.
std::uintptr_t FrameChain::find_on_stack() {
  const CallerOnStack caller = caller_on_stack(python_, thread_, last_);
  if (caller.is_in_doubt) end_ = ChainEnd::kUnreadable;
  return caller.frame;
}

// Returns 0 if there is no frame further out.
std::uintptr_t FrameChain::find_further_out() {
  if (python_.layout.type_checked_frames) return find_on_stack();
  std::uintptr_t found = data_stack_.next_outwards();
  // Continue at the innermost generator that `found` has resumed, possibly through others.
  for (std::uint32_t depth = 0; found != 0 && depth < kMaxGenerators; ++depth) {
    const std::uintptr_t running = running_generator_of(python_, found);
    if (running == 0 || has_passed_generator(running)) break;
    found = running;
  }
  return found;
}

// Continues at a frame further out, unless it is the one that the link leads to. The rest of the
// cframe chain lies on the C stack as well, so it is no longer followed.
bool FrameChain::resume_after_gap(RawFrame& frame) {
  const std::uintptr_t broken_link = next_;
  const std::uintptr_t found = find_further_out();
  const bool is_on_c_stack = python_.layout.type_checked_frames;
  if (found == 0 || found == broken_link) return false;
  if (gaps_ == (is_on_c_stack ? kMaxGapsOnCStack : kMaxGaps)) {
    end_ = ChainEnd::kUnreadable;
    return false;
  }
  // A frame that returns is removed from the chain before its variables are released.
  const bool is_returning = end_ == ChainEnd::kEnd && data_stack_.is_first(found);
  ++gaps_;
  awaited_ = 0;
  next_ = landmark_ = found;
  power_ = 1;
  since_landmark_ = 0;
  end_ = ChainEnd::kEnd;
  const std::uint32_t steps = steps_;
  steps_ = 0;  // there is nothing to come back to yet
  const bool read_it = follow_link(frame);
  steps_ += steps;
  if (!read_it) return false;
  frame.after_gap = !is_returning;
  frame.broken_link = broken_link;
  return true;
}

// The outermost cframe belongs to no loop and names no frame. The same holds for a cframe that a
// coroutine library puts at the base of its own stack.
void FrameChain::await_next_loop() {
  const PythonLayout::ThreadState& layout = python_.layout.thread;
  awaited_ = 0;
  if (layout.cframe_frame == kAbsent || !plausible_object(cframe_) ||
      !guarded_read(cframe_ + layout.cframe_previous, cframe_) || !plausible_object(cframe_)) {
    return;
  }
  guarded_read(cframe_ + layout.cframe_frame, awaited_);
}

// The frames of a loop end with one that C has called, or with the shim below it.
bool FrameChain::leads_past_next_loop(const RawFrame& frame) {
  if (awaited_ == 0) return false;
  if (frame.previous == awaited_) return !frame.entry;
  return data_stack_.was_pushed_before(frame.previous, awaited_);
}

// A library that switches stacks may start a new stack with the count of another, so a different
// number proves nothing.
bool FrameChain::has_all_frames() const {
  const PythonLayout::ThreadState& layout = python_.layout.thread;
  std::int32_t limit = 0;
  std::int32_t left = 0;
  return layout.recursion_limit != kAbsent && plausible_object(thread_) &&
         guarded_read(thread_ + layout.recursion_limit, limit) &&
         guarded_read(thread_ + layout.recursion_left, left) &&
         std::int64_t{limit} - left == std::int64_t{frames_};
}

bool FrameChain::may_end_here() const {
  return at_entry_ && awaited_ == 0;
}

std::uint32_t distinct_links(const PythonRuntimeView& python, std::uintptr_t innermost) {
  // Brent: find the cycle's length, then start two pointers that far apart; they meet where the
  // cycle begins. Links are re-read, so every step is guarded and bounded again.
  std::uint32_t length = 1;
  std::uint32_t power = 1;
  std::uintptr_t slow = innermost;
  std::uintptr_t fast = innermost;
  if (!follow(python, fast)) return 1;
  for (std::uint32_t steps = 0; slow != fast && steps < 4 * kMaxWalk; ++steps) {
    if (length == power) {
      slow = fast;
      power *= 2;
      length = 0;
    }
    if (!follow(python, fast)) return 1;
    ++length;
  }
  slow = fast = innermost;
  for (std::uint32_t step = 0; step < length; ++step) {
    if (!follow(python, fast)) return 1;
  }
  std::uint32_t before_cycle = 0;
  while (slow != fast && before_cycle < kMaxWalk) {
    if (!follow(python, slow) || !follow(python, fast)) return 1;
    ++before_cycle;
  }
  return before_cycle + length;
}

}  // namespace pyfault
