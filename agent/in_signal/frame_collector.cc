#include "agent/in_signal/frame_collector.h"

#include "agent/in_signal/asyncio_task.h"
#include "agent/in_signal/code_table.h"

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
  follow(chain, UINT32_MAX);

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
  if (left > 0) {
    restart();
    FrameChain again(python, innermost, cframe, thread);
    follow(again, left);
  }
  finish_outermost();
  if (anchors_ != nullptr) anchors_->finish(end);
  if (end == ChainEnd::kEnd) outermost_ = last_;
  if (end == ChainEnd::kCycle) add_marker(FrameKind::kCycle, 0);
  if (end == ChainEnd::kUnreadable) add_marker(FrameKind::kUnreadable, chain.broken_at());
  if (end == ChainEnd::kTooLong) add_marker(FrameKind::kTooDeep, 0);
  return count_;
}

void FrameCollector::restart() {
  count_ = shown_ = 0;
  outermost_count_ = omitted_ = 0;
  foldable_ = has_late_gap_ = false;
  if (anchors_ != nullptr) anchors_->restart();
}

inline void FrameCollector::add(const RawFrame& link) {
  if (link.after_gap) add_gap(link.broken_link);
  if (!link.shim) add_frame(link);
  if (anchors_ != nullptr) anchors_->pass(link, shown_);
}

// Adds at most `limit` links. `ahead`, the next one, is prefetched while `link` is processed; if it
// is a shim, `link` was called from C.
void FrameCollector::follow(FrameChain& chain, std::uint32_t limit) {
  RawFrame link;
  RawFrame ahead;
  for (bool more = chain.next(ahead); more && limit > 0 && !capture_.slot_full; --limit) {
    link = ahead;
    more = chain.next(ahead);
    if (more && ahead.shim) link.entry = true;
    if (more && ahead.code != link.code) prefetch_place(capture_, ahead);
    add(link);
  }
}

void FrameCollector::add_gap(std::uintptr_t broken_link) {
  had_gap_ = true;
  if (hides_gaps_) return;
  if (count_ < kInnermostEntries) {
    add_marker(FrameKind::kUnreadable, broken_link);
  } else {
    late_gap_ = broken_link;
    has_late_gap_ = true;
  }
  foldable_ = false;
}

// Frames that differ in `entry` are not folded: each frame of an entry is the outermost one of an
// evaluation loop, or none is.
void FrameCollector::add_frame(const RawFrame& frame) {
  CaptureScratch& scratch = capture_.scratch;
  const bool same = foldable_ && last_.code == frame.code && last_.position == frame.position &&
                    last_.entry == frame.entry;
  if (same && outermost_count_ > 0) {
    ++scratch.outermost[(outermost_count_ - 1) % kOutermostEntries].repeat;
  } else if (same) {
    ++scratch.frames[count_ - 1].value;
  } else if (count_ < kInnermostEntries) {
    foldable_ = add_entry(frame, 0);
  } else {
    FoldedFrame& place = scratch.outermost[outermost_count_ % kOutermostEntries];
    if (outermost_count_ >= kOutermostEntries) omitted_ += 1 + place.repeat;
    place = {frame, 0, shown_};
    ++outermost_count_;
    foldable_ = true;
  }
  if (foldable_) ++shown_;
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
  std::uint32_t taken_out = 0;
  for (std::uint64_t index = outermost_count_ - kept; index < outermost_count_; ++index) {
    const FoldedFrame& folded = capture_.scratch.outermost[index % kOutermostEntries];
    if (add_entry(folded.frame, folded.repeat) || anchors_ == nullptr) continue;
    const auto count = static_cast<std::uint32_t>(1 + folded.repeat);
    anchors_->take_out_frames(folded.position - taken_out, count);
    taken_out += count;
  }
}

}  // namespace pyfault
