#include "agent/in_signal/anchor_finder.h"

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {

AnchorFinder::AnchorFinder(const PythonRuntimeView& python, const ThreadState& thread,
                           AnchorList& anchors)
    : python_(python),
      anchors_(anchors),
      innermost_cframe_(thread.cframe),
      root_cframe_(thread.address + python.layout.thread.root_cframe) {
  restart();
}

void AnchorFinder::restart() {
  anchors_.clear();
  enter_loop(innermost_cframe_);
  is_lost_ = false;
  shown_ = 0;
}

void AnchorFinder::enter_loop(std::uintptr_t cframe) {
  cframe_ = cframe;
  innermost_frame_ = innermost_frame_of(cframe);
  next_cframe_ = previous_of(cframe);
  caller_ = innermost_frame_of(next_cframe_);
  enters_loop_ = true;
}

// Each loop on the C stack has an anchor, or a reader would miss frames in those without: also one
// that runs no frame which is shown. The shim that 3.15 embeds in the thread state looks like such
// a loop, but does not lie on the stack.
void AnchorFinder::pass(const RawFrame& link, std::uint32_t shown) {
  is_lost_ |= link.after_gap;
  if (is_lost_) return;
  const std::uintptr_t address = link.shim ? link.address : loop_that_ends_at(link);
  if (address == 0) return;
  anchors_.add(shown == shown_ ? kNoPythonFrame : shown - 1, address);
  shown_ = shown;
}

// Returns the cframe of the loop whose outermost frame this is; 0 if it is not the outermost one,
// or if the version has no cframes or has shims.
std::uintptr_t AnchorFinder::loop_that_ends_at(const RawFrame& frame) {
  const PythonLayout& layout = python_.layout;
  if (layout.thread.cframe_previous == kAbsent || layout.frame.owner != kAbsent) return 0;
  const bool are_named = layout.thread.cframe_frame != kAbsent;  // not in 3.10; see finish()
  is_lost_ = are_named && enters_loop_ && innermost_frame_ != frame.address;
  enters_loop_ = false;
  const bool is_outermost = frame.entry || (caller_ != 0 && caller_ == frame.previous);
  if (is_lost_ || !is_outermost) return 0;
  const std::uintptr_t ended = cframe_;
  enter_loop(next_cframe_);
  return ended;
}

// Returns 0 if the cframe cannot be read or does not tell.
std::uintptr_t AnchorFinder::innermost_frame_of(std::uintptr_t cframe) const {
  const std::uint16_t named = python_.layout.thread.cframe_frame;
  std::uintptr_t innermost = 0;
  const bool is_known =
      named != kAbsent && plausible_object(cframe) && guarded_read(cframe + named, innermost);
  return is_known ? innermost : 0;
}

// Returns 0 if the cframe cannot be read.
std::uintptr_t AnchorFinder::previous_of(std::uintptr_t cframe) const {
  const std::uint16_t offset = python_.layout.thread.cframe_previous;
  std::uintptr_t previous = 0;
  return plausible_object(cframe) && guarded_read(cframe + offset, previous) ? previous : 0;
}

// In 3.10, keeps the anchors only if the frames and the loops have ended together. A library that
// switches stacks may put a cframe of its own in front of the outermost one, at the base of each of
// its stacks.
void AnchorFinder::finish(ChainEnd end) {
  if (python_.layout.thread.cframe == kAbsent) return;
  const bool no_loop_left = cframe_ == root_cframe_ || previous_of(cframe_) == root_cframe_;
  if (is_lost_ || end != ChainEnd::kEnd || !no_loop_left) anchors_.clear();
}

}  // namespace pyfault
