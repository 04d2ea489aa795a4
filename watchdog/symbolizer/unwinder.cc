#include "watchdog/symbolizer/unwinder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace pyfault {
namespace {

// Searches of one stack.
constexpr int kMaxSearches = 4;
// So many frames that follow from each other are the stack, even if its end was not copied.
constexpr std::size_t kConvincing = 8;

// What is known of the interpreter's evaluation function, by the frames in which anchors lie.
struct Evaluation {
  std::optional<std::uint32_t> module;
  std::vector<std::uint64_t> functions;  // where its code begins; it may be in two parts
};

// Frames that were found by a search.
struct Found {
  std::vector<StackFrame> frames;
  Position last;
  Stop stop = Stop::kNotCode;
};

class Unwinder {
 public:
  Unwinder(const Stack& stack, CodeMap& code)
      : stack_(stack),
        code_(code),
        walker_(code, stack.memory, stack.anchors),
        anchors_(stack.anchors) {
    std::ranges::sort(anchors_);
  }

  UnwoundFrames unwind() {
    Stop stop = walk_from_registers();
    if (auto known = learn_from(result_.frames)) {
      evaluation_ = *std::move(known);
    } else {
      distrust_anchors();
    }
    for (int search = 0; search < kMaxSearches && go_on_after(stop); ++search) continue;
    result_.incomplete_reason = reason(stop);
    result_.is_complete = result_.incomplete_reason.empty();
    return std::move(result_);
  }

 private:
  Stop walk_from_registers() {
    last_.registers = stack_.registers;
    if (code_.find(last_.code()) == nullptr) {
      result_.frames.push_back({last_.code(), last_.registers.stack_pointer()});
      const auto caller = walker_.caller_at_top_of_stack(last_.registers);
      if (!caller) return Stop::kNotCode;
      last_ = *caller;
    }
    return walker_.walk(last_, limit_of_inner_frames(), result_.frames);
  }

  // They come from the process, and do not fit frames that are known.
  void distrust_anchors() { anchors_.clear(); }

  // If the stack was copied in parts, there must be room for its outer end.
  std::size_t limit_of_inner_frames() const {
    const MemoryChunk* chunk = stack_.memory.at_or_above(0);
    const bool is_in_parts = chunk != nullptr && stack_.memory.at_or_above(chunk->end()) != nullptr;
    return is_in_parts ? stack_.max_frames - stack_.max_frames / 4 : stack_.max_frames;
  }

  // Looks for the stack's rest if there is more of it. `stop`: where it ended, and where it then
  // ends. Returns whether something was found.
  bool go_on_after(Stop& stop) {
    if (stop == Stop::kOutermost) return false;
    const std::uint64_t last = last_.registers.stack_pointer();
    const MemoryChunk* chunk = stack_.memory.at(last);
    const bool is_damaged = stop != Stop::kNotCaptured && stop != Stop::kTooMany;
    if (is_damaged && chunk != nullptr && append(search(*chunk, last, last), false, stop)) {
      return true;
    }
    const MemoryChunk* next = stack_.memory.at_or_above(chunk != nullptr ? chunk->end() : last);
    return next != nullptr && append(search(*next, next->address, next->address), true, stop);
  }

  bool append(std::optional<Found> found, bool is_after_gap, Stop& stop) {
    if (!found) return false;
    found->frames.front().is_after_gap = is_after_gap;
    std::ranges::move(found->frames, std::back_inserter(result_.frames));
    stop = found->stop;
    last_ = found->last;
    has_gap_ |= is_after_gap;
    has_search_ |= !is_after_gap;
    return true;
  }

  // Searches a chunk, upwards from `begin`, for a return address from which the stack can be
  // unwound to its end. `last`: where the last frame that is known begins.
  std::optional<Found> search(const MemoryChunk& chunk, std::uint64_t begin, std::uint64_t last) {
    for (std::uint64_t at = (begin + kWordSize - 1) / kWordSize * kWordSize;
         at + kWordSize <= chunk.end() && is_next_call_at_or_above(at, last); at += kWordSize) {
      const std::uint64_t address = stack_.memory.word_at(at).value_or(0);
      if (code_.find(address - 1) == nullptr || !code_.follows_call(address)) continue;
      if (auto found = walk_from(at, address)) return found;
    }
    return std::nullopt;
  }

  // Only the last frame that is known may be a call of the interpreter's evaluation function that
  // lies below what is searched for.
  bool is_next_call_at_or_above(std::uint64_t at, std::uint64_t last) const {
    return anchors_between(last, at) <= 1;
  }

  // A function saves the frame pointer of its caller below the return address, or leaves it alone.
  std::optional<Found> walk_from(std::uint64_t slot, std::uint64_t address) {
    std::optional<std::uint64_t> unchanged;
    if (last_.registers.knows(Registers::kFramePointer)) {
      unchanged = last_.registers[Registers::kFramePointer];
    }
    for (const auto& frame_pointer : {stack_.memory.word_at(slot - kWordSize), unchanged}) {
      auto found = walk_from(slot, address, frame_pointer);
      if (is_convincing(found)) return found;
    }
    return std::nullopt;
  }

  Found walk_from(std::uint64_t slot, std::uint64_t address,
                  std::optional<std::uint64_t> frame_pointer) {
    Found found;
    Registers& registers = found.last.registers;
    registers.set(Registers::kProgramCounter, address);
    registers.set(Registers::kStackPointer, slot + kWordSize);
    if (frame_pointer && *frame_pointer > slot) {
      registers.set(Registers::kFramePointer, *frame_pointer);
    }
    found.last.trust = Trust::kScan;
    found.last.is_return_address = true;
    const std::size_t left = stack_.max_frames - std::min(stack_.max_frames, result_.frames.size());
    if (left > 0) found.stop = walker_.walk(found.last, left, found.frames);
    return found;
  }

  bool is_convincing(const Found& found) const {
    const bool goes_on = found.stop == Stop::kNotCaptured || found.stop == Stop::kTooMany;
    const bool is_stack =
        goes_on ? found.frames.size() >= kConvincing : found.stop == Stop::kOutermost;
    return is_stack && fits_evaluation(found.frames);
  }

  // A stack also holds return addresses of calls that are long over, and they lie within frames
  // that are alive. If these are frames of the interpreter's evaluation function, that shows: each
  // of its calls has one anchor, and they are all of the same module. Returns what is known of it
  // with these frames; nullopt: it is not so.
  std::optional<Evaluation> learn_from(std::span<const StackFrame> frames) const {
    Evaluation known = evaluation_;
    for (std::size_t index = 0; index + 1 < frames.size(); ++index) {
      const auto anchors =
          anchors_between(frames[index].stack_pointer, frames[index + 1].stack_pointer);
      if (anchors <= 0) continue;
      const InputMapping* mapping = code_.find(frames[index].code());
      if (anchors > 1 || mapping == nullptr || mapping->module == kAnonymous) return std::nullopt;
      if (known.module.value_or(mapping->module) != mapping->module) return std::nullopt;
      known.module = mapping->module;
      const std::uint64_t function = frames[index].function;
      const bool is_new = function != 0 && !contains(known.functions, function);
      if (is_new) known.functions.push_back(function);
    }
    return known;
  }

  // What a search finds must be of a function that is known already. A part of it that no frame
  // was in before looks like another function, and costs a frame; but none is made up.
  bool fits_evaluation(std::span<const StackFrame> frames) const {
    const auto known = learn_from(frames);
    return known && (evaluation_.functions.empty() ||
                     known->functions.size() == evaluation_.functions.size());
  }

  static bool contains(const std::vector<std::uint64_t>& functions, std::uint64_t function) {
    return std::ranges::find(functions, function) != functions.end();
  }

  std::ptrdiff_t anchors_between(std::uint64_t begin, std::uint64_t end) const {
    return std::ranges::lower_bound(anchors_, end) - std::ranges::lower_bound(anchors_, begin);
  }

  std::string reason(Stop stop) const {
    std::string all;
    const auto say = [&](std::string_view reason) {
      if (!all.empty()) all += "; ";
      all += reason;
    };
    if (has_search_) {
      say("a part was found by searching the stack: frames may be missing below it, and its first "
          "ones may be of calls that had ended");
    }
    if (has_gap_) say("the middle of the stack was not captured");
    if (const std::string_view last = reason_of(stop); !last.empty()) say(last);
    return all;
  }

  std::string_view reason_of(Stop stop) const {
    switch (stop) {
      case Stop::kOutermost:
        return "";
      case Stop::kZero:
        return "the return address of the last frame is zero";
      case Stop::kNotCaptured:
        return "the rest of the stack was not captured";
      case Stop::kUnknownRegister:
        return "registers that it takes to go on are not known";
      case Stop::kNoRules:
        return "nothing tells how to unwind the last frame";
      case Stop::kNotCode:
      case Stop::kNoProgress:
        return "the stack above is overwritten";
      case Stop::kTooMany:
        return "there are too many frames";
    }
    return "";
  }

  const Stack& stack_;
  CodeMap& code_;
  Walker walker_;
  UnwoundFrames result_;
  Position last_;                       // the last frame
  std::vector<std::uint64_t> anchors_;  // ascending
  Evaluation evaluation_;               // as the walk from the registers found it
  bool has_search_ = false;
  bool has_gap_ = false;
};

}  // namespace

UnwoundFrames unwind(const Stack& stack, CodeMap& code) {
  return Unwinder(stack, code).unwind();
}

}  // namespace pyfault
