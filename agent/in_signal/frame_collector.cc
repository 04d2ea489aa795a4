#include "agent/in_signal/frame_collector.h"

#include "agent/in_signal/asyncio_task.h"
#include "agent/in_signal/code_table.h"
#include "agent/in_signal/frame_chain.h"

namespace pyfault {

inline bool FrameCollector::add_entry(const RawFrame& frame, std::uint64_t repeat) {
  const PlaceEntry* place = find_place(capture_, frame);
  if (place == nullptr) {
    add_marker(FrameKind::kUnreadable, frame.code);
    return false;
  }
  if (place->hidden) return false;
  if (place->runs_callbacks && callback_task_ == 0) {
    callback_task_ = find_callback_task(capture_.python, frame.address);
  }
  FrameEntry& entry = capture_.scratch.frames[count_++];
  entry = place->shown;
  entry.value = repeat;
  return true;
}

std::uint32_t FrameCollector::collect(std::uintptr_t innermost, std::uintptr_t cframe,
                                      std::uintptr_t thread) {
  const PythonRuntimeView& python = capture_.python;
  FrameChain chain(python, innermost, cframe, thread);
  RawFrame frame;
  RawFrame ahead;  // is prefetched while `frame` is processed
  for (bool more = chain.next(ahead); more && !capture_.slot_full;) {
    frame = ahead;
    more = chain.next(ahead);
    if (more && ahead.code != frame.code) prefetch_place(capture_, ahead);
    add(frame);
  }

  ChainEnd end = chain.end();
  const bool has_gap = had_gap_ || end == ChainEnd::kUnreadable;
  std::uint32_t left = 0;  // links to walk again
  if (end == ChainEnd::kCycle) {
    // The detector notices a cycle only after going round it: walk again and stop where it closes.
    left = distinct_links(python, innermost);
  } else if (has_gap && chain.has_all_frames()) {
    left = kMaxWalk;
    hides_gaps_ = true;
    end = ChainEnd::kEnd;
  }
  if (left > 0) restart();
  for (FrameChain again(python, innermost, cframe, thread); left > 0 && again.next(frame); --left) {
    add(frame);
  }
  finish_outermost();
  if (end == ChainEnd::kEnd) outermost_ = last_;
  if (end == ChainEnd::kCycle) add_marker(FrameKind::kCycle, 0);
  if (end == ChainEnd::kUnreadable) add_marker(FrameKind::kUnreadable, chain.broken_at());
  if (end == ChainEnd::kTooLong) add_marker(FrameKind::kTooDeep, 0);
  return count_;
}

void FrameCollector::restart() {
  count_ = 0;
  outermost_count_ = omitted_ = 0;
  foldable_ = has_late_gap_ = false;
}

void FrameCollector::add(const RawFrame& frame) {
  had_gap_ |= frame.after_gap;
  if (frame.after_gap && !hides_gaps_) {
    if (count_ < kInnermostEntries) {
      add_marker(FrameKind::kUnreadable, frame.broken_link);
    } else {
      late_gap_ = frame.broken_link;
      has_late_gap_ = true;
    }
    foldable_ = false;
  }
  if (frame.shim) return;
  CaptureScratch& scratch = capture_.scratch;
  const bool same = foldable_ && last_.code == frame.code && last_.position == frame.position;
  if (same && outermost_count_ > 0) {
    ++scratch.outermost[(outermost_count_ - 1) % kOutermostEntries].repeat;
  } else if (same) {
    ++scratch.frames[count_ - 1].value;
  } else if (count_ < kInnermostEntries) {
    foldable_ = add_entry(frame, 0);
  } else {
    FoldedFrame& place = scratch.outermost[outermost_count_ % kOutermostEntries];
    if (outermost_count_ >= kOutermostEntries) omitted_ += 1 + place.repeat;
    place = {frame, 0};
    ++outermost_count_;
    foldable_ = true;
  }
  last_ = frame;
}

void FrameCollector::add_marker(FrameKind kind, std::uint64_t value) {
  if (count_ == kMaxFrameEntries) return;
  capture_.scratch.frames[count_++] = {
      kind, {}, 0, kUnknownPosition, kUnknownPosition, kUnknownPosition, kUnknownPosition, value};
}

void FrameCollector::finish_outermost() {
  if (omitted_ > 0) add_marker(FrameKind::kOmitted, omitted_);
  if (has_late_gap_) add_marker(FrameKind::kUnreadable, late_gap_);
  const std::uint64_t kept =
      outermost_count_ < kOutermostEntries ? outermost_count_ : kOutermostEntries;
  for (std::uint64_t index = outermost_count_ - kept; index < outermost_count_; ++index) {
    const FoldedFrame& folded = capture_.scratch.outermost[index % kOutermostEntries];
    add_entry(folded.frame, folded.repeat);
  }
}

}  // namespace pyfault
