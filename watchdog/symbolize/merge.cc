#include "watchdog/symbolize/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pyfault {
namespace {

constexpr std::uint64_t kUncounted = UINT64_MAX;

// More than the code of the evaluation function has, even where it is in two parts.
constexpr std::uint64_t kLongestEvaluation = std::uint64_t{256} << 10;

// From CPython 3.10 on, each call of the evaluation function leaves an anchor on the stack. In 3.10
// the agent keeps none unless the chain of frames is as long as that of the calls.
bool has_anchors(std::uint32_t version_hex, const CapturedStack& captured) {
  const bool is_certain = version_hex >= 0x030b0000;
  return is_certain || (version_hex >= 0x030a0000 && !captured.anchors.empty());
}

bool is_break(const Frame& frame) {
  return frame.kind == Frame::Kind::kUnreadable || frame.kind == Frame::Kind::kCycle;
}

// How many Python frames an entry stands for.
std::uint64_t frames_in(const Frame& frame) {
  if (frame.kind == Frame::Kind::kOmitted) return frame.omitted == 0 ? kUncounted : frame.omitted;
  return frame.kind == Frame::Kind::kCode ? 1 + frame.repeat : 0;
}

void append_python(std::size_t frame, std::vector<StackEntry>& stack) {
  StackEntry entry;
  entry.kind = StackEntry::Kind::kPython;
  entry.frame = frame;
  stack.push_back(std::move(entry));
}

// The Python frames of a thread, taken from the innermost on, in the numbers of Anchor::frame.
class PythonFrames {
 public:
  explicit PythonFrames(std::span<const Frame> frames) : frames_(frames) {}

  bool at_end() const { return entry_ == frames_.size(); }
  std::uint64_t taken() const { return taken_; }

  // Where frames may be missing that the entries do not tell of: nullopt within an entry, or where
  // the chain is known to be broken.
  std::optional<std::size_t> unmarked_place() const {
    if (within_entry_ > 0 || (!at_end() && is_break(frames_[entry_]))) return std::nullopt;
    return entry_;
  }

  // Appends the entries of the frames up to and including number `last`. Beyond a place where the
  // chain of frames is broken, numbers mean nothing, and nothing is appended.
  void take_through(std::uint64_t last, std::vector<StackEntry>& stack) {
    while (!at_end() && taken_ <= last && !is_break(frames_[entry_])) {
      append(stack);
      const std::uint64_t left = frames_in(frames_[entry_]) - within_entry_;
      const std::uint64_t wanted = last - taken_ + 1;
      if (left > wanted) {
        taken_ += wanted;
        within_entry_ += wanted;
        return;
      }
      taken_ += left;
      go_on();
    }
  }

  void take_rest(std::vector<StackEntry>& stack) {
    for (; !at_end(); go_on()) append(stack);
  }

 private:
  void append(std::vector<StackEntry>& stack) const { append_python(entry_, stack); }

  void go_on() {
    ++entry_;
    within_entry_ = 0;
  }

  std::span<const Frame> frames_;
  std::size_t entry_ = 0;
  std::uint64_t within_entry_ = 0;  // frames taken of a folded or omitted entry
  std::uint64_t taken_ = 0;
};

void append_gap_before(std::vector<StackEntry>& stack, const UnwoundFrame& frame) {
  if (!frame.after_gap) return;
  StackEntry gap;
  gap.kind = StackEntry::Kind::kOmitted;
  stack.push_back(std::move(gap));
}

void append(std::vector<StackEntry>& stack, const UnwoundFrame& frame) {
  for (const NativeFrame& function : frame.functions) {
    StackEntry entry;
    entry.native = function;
    stack.push_back(std::move(entry));
  }
}

// The stack pointer of a caller, and the end of a frame of which it is not known.
std::uint64_t end_of(const std::vector<UnwoundFrame>& frames, std::size_t index) {
  const UnwoundFrame& frame = frames[index];
  if (frame.cfa > frame.stack_pointer) return frame.cfa;
  const bool is_followed = index + 1 < frames.size() && !frames[index + 1].after_gap;
  return is_followed ? frames[index + 1].stack_pointer : frame.stack_pointer;
}

bool is_evaluation(const UnwoundFrame& frame) {
  constexpr std::string_view kName = "_PyEval_EvalFrameDefault";
  const std::string_view function = frame.functions.back().function;
  return function == kName || (function.starts_with(kName) && function[kName.size()] == '.');
}

// Whether frames may be missing in front of this one.
bool begins_part(const UnwoundFrame& frame) {
  return frame.after_gap || frame.functions.front().trust == Trust::kScan;
}

class Merger {
 public:
  Merger(const Thread& thread, const UnwoundStack& native, const CapturedStack& captured)
      : thread_(thread), native_(native), captured_(captured), python_(thread.frames) {
    result_.native = {native.complete, native.incomplete_reason};
  }

  ThreadStack by_anchors() {
    const std::vector<Anchor> anchors = anchors_on_stack();
    std::span<const Anchor> left = anchors;
    calls_ = known_calls(anchors);
    bool is_placed = false;
    for (std::size_t index = 0; index < native_.frames.size(); ++index) {
      const UnwoundFrame& frame = native_.frames[index];
      take_calls_below(frame.stack_pointer, left);
      append_gap_before(result_.stack, frame);
      const std::uint64_t end = end_of(native_.frames, index);
      const bool is_call = take_calls_below(end, left, most_calls_in(frame));
      if (is_call && !may_be_evaluation(frame)) {
        return give_up("the Python frames do not fit the native stack");
      }
      const bool is_inside = index > 0 && !has_only_begun(index);
      if (is_inside && !is_call && !left.empty() && has_lost_anchor(frame)) {
        if (is_of_whole_part(index)) result_.missing_frames_at = place_of_missing_frames();
        return give_up("a call of the evaluation function has no Python frame");
      }
      is_placed |= is_call;
      append(result_.stack, frame);
      is_placed |= take_calls_below(end, left);
    }
    if (!is_placed) return give_up("no Python frame could be placed on the native stack");
    result_.native.merged_by = NativeStack::Merge::kAnchors;
    take_calls_below(UINT64_MAX, left);
    return finish();
  }

  // One Python frame for each call of the evaluation function: counted from the innermost one, and
  // beyond a place where native frames may be missing from the outermost one.
  ThreadStack by_symbols() {
    const std::uint64_t frames = frames_of_thread();
    const std::uint64_t calls = calls_in(native_.frames.begin(), native_.frames.end());
    const auto part = std::ranges::find_if(native_.frames, begins_part);
    const std::uint64_t calls_beyond = calls_in(part, native_.frames.end());
    if (calls == 0) return give_up("the interpreter's evaluation function has no name");
    if (calls > frames || (native_.complete && calls != frames)) {
      if (has_cut_off_frames(frames, calls)) result_.missing_frames_at = thread_.frames.size();
      return give_up(
          fmt::format("{} calls of the evaluation function for {} Python frames", calls,
                      frames == kUncounted ? "an unknown number of" : std::to_string(frames)));
    }
    if (std::count_if(part, native_.frames.end(), begins_part) > 1) {
      return give_up("frames are missing in several places of the native stack");
    }
    for (auto frame = native_.frames.begin(); frame != native_.frames.end(); ++frame) {
      if (frame == part && frames != kUncounted && frames > calls_beyond) {
        python_.take_through(frames - calls_beyond - 1, result_.stack);
      }
      append_gap_before(result_.stack, *frame);
      if (is_evaluation(*frame)) python_.take_through(python_.taken(), result_.stack);
      append(result_.stack, *frame);
    }
    result_.native.merged_by = NativeStack::Merge::kSymbols;
    return finish();
  }

  // The Python frames, if there are any, and after them the native ones.
  ThreadStack apart() {
    const std::size_t frames = thread_.frames.size() + (result_.missing_frames_at ? 1 : 0);
    for (std::size_t frame = 0; frame < frames; ++frame) append_python(frame, result_.stack);
    for (const UnwoundFrame& frame : native_.frames) {
      append_gap_before(result_.stack, frame);
      append(result_.stack, frame);
    }
    return std::move(result_);
  }

 private:
  using FrameIterator = std::vector<UnwoundFrame>::const_iterator;

  // The calls of the evaluation function that are known for sure: by name, or by an anchor between
  // the bounds of their frames.
  std::vector<const UnwoundFrame*> known_calls(const std::vector<Anchor>& anchors) const {
    std::vector<const UnwoundFrame*> calls;
    for (const UnwoundFrame& frame : native_.frames) {
      const auto is_in_frame = [&frame](const Anchor& anchor) {
        return anchor.address >= frame.stack_pointer && anchor.address < frame.cfa;
      };
      const bool is_call = is_evaluation(frame) || std::ranges::any_of(anchors, is_in_frame);
      if (is_call) calls.push_back(&frame);
    }
    return calls;
  }

  // Also where the function has no name, by where its code begins.
  bool is_known_call(const UnwoundFrame& frame) const {
    const auto is_same = [&](const UnwoundFrame* call) {
      return call->code_begin == frame.code_begin;
    };
    return is_evaluation(frame) || (frame.code_begin != 0 && std::ranges::any_of(calls_, is_same));
  }

  // All calls of the evaluation function are of one module. A thread that has gone on since its
  // Python frames were recorded may have other functions at the place of an anchor.
  bool may_be_evaluation(const UnwoundFrame& frame) const {
    const std::string& module = frame.functions.back().module;
    return module.empty() || calls_.empty() || module == calls_.front()->functions.back().module;
  }

  // A function without a name is the evaluation function only if it is where that is.
  bool is_near_evaluation(const UnwoundFrame& frame) const {
    const auto is_near = [at = frame.functions.back().address](const UnwoundFrame* call) {
      const std::uint64_t known = call->functions.back().address;
      return std::max(at, known) - std::min(at, known) < kLongestEvaluation;
    };
    return std::ranges::any_of(calls_, is_near);
  }

  // From 3.14 on, these are called before the anchor is linked: for a recursion that is too deep.
  bool has_only_begun(std::size_t index) const {
    const std::string& called = native_.frames[index - 1].functions.back().function;
    return called == "_Py_CheckRecursiveCall" || called == "_PyEval_FrameClearAndPop";
  }

  // Each call of the evaluation function has an anchor, unless what marks it was overwritten, or it
  // lies among frames that were left out of the record, or it has only just begun.
  bool has_lost_anchor(const UnwoundFrame& frame) const {
    const auto is_omitted = [](const Frame& each) { return each.kind == Frame::Kind::kOmitted; };
    return is_known_call(frame) && frame.cfa > frame.stack_pointer &&
           captured_.anchors.size() < kMaxAnchors &&
           std::ranges::none_of(thread_.frames, is_omitted);
  }

  // What a search has found may begin with calls that had ended.
  bool is_of_whole_part(std::size_t index) const {
    const auto begin = native_.frames.begin();
    return std::none_of(begin, begin + static_cast<std::ptrdiff_t>(index) + 1, begins_part);
  }

  // Where a call has no frames, a link was overwritten and leads past them, but which of those up
  // to the next anchor it was is not known: it is marked in front of them. Only the thread that
  // recorded itself has stood still since then.
  std::optional<std::size_t> place_of_missing_frames() const {
    return thread_.crashed ? python_.unmarked_place() : std::nullopt;
  }

  // Takes the Python frames of at most `limit` calls with anchors below `end`, from the front of
  // `anchors`. Returns whether there was one.
  bool take_calls_below(std::uint64_t end, std::span<const Anchor>& anchors,
                        std::size_t limit = SIZE_MAX) {
    std::size_t taken = 0;
    for (; !anchors.empty() && anchors.front().address < end && taken < limit; ++taken) {
      const std::uint32_t frame = anchors.front().frame;
      if (frame != kNoPythonFrame) python_.take_through(frame, result_.stack);
      anchors = anchors.subspan(1);
    }
    return taken > 0;
  }

  // How many calls with anchors up to the next frame may be the frame's own. Where its end is not
  // known, frames are missing behind it, and the calls may be theirs.
  std::size_t most_calls_in(const UnwoundFrame& frame) const {
    if (frame.cfa > frame.stack_pointer) return SIZE_MAX;
    const bool is_nameless = frame.functions.back().function.empty();
    return is_known_call(frame) || (is_nameless && is_near_evaluation(frame)) ? 1 : 0;
  }

  static std::uint64_t calls_in(FrameIterator begin, FrameIterator end) {
    return static_cast<std::uint64_t>(std::count_if(begin, end, is_evaluation));
  }

  std::uint64_t frames_of_thread() const {
    std::uint64_t count = 0;
    for (const Frame& frame : thread_.frames) {
      if (frames_in(frame) == kUncounted) return kUncounted;
      count += frames_in(frame);
    }
    return count;
  }

  // A frame's link to its caller that was overwritten with null ends the chain as the outermost
  // frame does. The native stack shows that there were more calls. One of them may be at its
  // beginning or end, where it has no frame in the chain, and each part that a search has found may
  // begin with one that had ended. Only the thread that recorded itself has stood still since then.
  bool has_cut_off_frames(std::uint64_t frames, std::uint64_t calls) const {
    const bool ends_unmarked = !is_break(thread_.frames.back());
    if (!thread_.crashed || frames == kUncounted || !ends_unmarked) return false;
    const auto unreadable = std::ranges::count_if(thread_.frames, is_break);
    const std::uint64_t calls_without = is_evaluation(native_.frames.front()) ? 1 : 0;
    const auto parts = std::ranges::count_if(native_.frames, begins_part);
    return calls > frames + static_cast<std::uint64_t>(unreadable + parts) + calls_without;
  }

  // Those that lie where the stack can be and follow each other; the record's word for it is not
  // trusted. CPython 3.15 has an outermost one within its thread state.
  std::vector<Anchor> anchors_on_stack() const {
    std::vector<Anchor> kept;
    std::uint64_t next_frame = 0;
    const std::uint64_t begin = captured_.chunks.front().address;
    const StackChunk& last = captured_.chunks.back();
    const std::uint64_t copied_end = last.address + last.bytes.size();
    const std::uint64_t end = std::max(copied_end, captured_.stack_end);
    for (const Anchor& anchor : captured_.anchors) {
      const bool is_on_stack = anchor.address >= begin && anchor.address < end;
      const bool follows = kept.empty() || anchor.address > kept.back().address;
      const bool runs_frames = anchor.frame != kNoPythonFrame;
      if (!is_on_stack || !follows || (runs_frames && anchor.frame < next_frame)) continue;
      kept.push_back(anchor);
      if (runs_frames) next_frame = std::uint64_t{anchor.frame} + 1;
    }
    return kept;
  }

  // What could not be placed comes last, and is said.
  ThreadStack finish() {
    if (!python_.at_end()) {
      say("not every Python frame could be placed on the native stack");
      python_.take_rest(result_.stack);
    }
    return std::move(result_);
  }

  ThreadStack give_up(std::string reason) {
    result_.stack.clear();
    say(std::move(reason));
    return apart();
  }

  void say(std::string reason) {
    std::string& said = result_.native.incomplete_reason;
    said = said.empty() ? std::move(reason) : said + "; " + reason;
    result_.native.complete = false;
  }

  const Thread& thread_;
  const UnwoundStack& native_;
  const CapturedStack& captured_;
  PythonFrames python_;
  std::vector<const UnwoundFrame*> calls_;  // see known_calls()
  ThreadStack result_;
};

void cut_middle(std::vector<StackEntry>& stack) {
  constexpr std::size_t kMost = kInnermostStackEntries + 1 + kOutermostStackEntries;
  if (stack.size() <= kMost) return;
  const auto begin = stack.begin() + kInnermostStackEntries;
  const auto end = stack.end() - kOutermostStackEntries;
  const auto is_uncounted = [](const StackEntry& entry) {
    return entry.kind == StackEntry::Kind::kOmitted && !entry.omitted;
  };
  StackEntry gap;
  gap.kind = StackEntry::Kind::kOmitted;
  if (std::none_of(begin, end, is_uncounted)) gap.omitted = end - begin;
  *begin = std::move(gap);
  stack.erase(begin + 1, end);
}

ThreadStack merge(const Thread& thread, const UnwoundStack& native, const CapturedStack& captured,
                  std::uint32_t version_hex) {
  Merger merger(thread, native, captured);
  if (thread.frames.empty() || native.frames.empty()) return merger.apart();
  return has_anchors(version_hex, captured) ? merger.by_anchors() : merger.by_symbols();
}

}  // namespace

ThreadStack merge_stack(const Thread& thread, const UnwoundStack& native,
                        const CapturedStack& captured, std::uint32_t version_hex) {
  ThreadStack merged = merge(thread, native, captured, version_hex);
  cut_middle(merged.stack);
  return merged;
}

}  // namespace pyfault
