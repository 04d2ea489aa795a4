#include "watchdog/crash/incomplete_reason.h"

#include <fmt/format.h>

#include <algorithm>

namespace pyfault {
namespace {

std::string threads_left_out(std::uint64_t count) {
  return fmt::format("{} {} left out", count, count == 1 ? "thread" : "threads");
}

std::string slot_full(std::uint64_t omitted) {
  return omitted == 0 ? "the slot was full" : "the slot was full: " + threads_left_out(omitted);
}

// Names the last section that a record without an end has.
std::string where_it_ends(const WalkOutcome& outcome) {
  if (outcome.ended) return {};
  if (!outcome.has_runtime) return ": it ends after the signal";
  if (outcome.threads == 0) return ": it ends after the interpreter";
  return fmt::format(": it ends after {} {}", outcome.threads,
                     outcome.threads == 1 ? "thread" : "threads");
}

std::string cut_short_reason(CutShort cut_short, const WalkOutcome& outcome) {
  switch (cut_short) {
    case CutShort::kFaultInHandler:
      return "a fault in the handler cut the record short" + where_it_ends(outcome);
    case CutShort::kSlotFull:
      return slot_full(outcome.threads_omitted);
    default:
      return "the record was cut short" + where_it_ends(outcome);
  }
}

bool is_break(const Frame& frame) {
  return frame.kind == Frame::Kind::kUnreadable || frame.kind == Frame::Kind::kCycle;
}

bool is_too_deep(const Frame& frame) {
  return frame.kind == Frame::Kind::kOmitted && frame.omitted == 0;
}

bool has_unreadable_name(const Frame& frame) {
  return !frame.file_readable || !frame.function_readable;
}

bool has_overwritten_name(const Frame& frame) {
  return frame.file_overwritten || frame.function_overwritten;
}

}  // namespace

std::string gap_in(const Thread& thread) {
  if (std::ranges::any_of(thread.frames, is_break)) return "the chain of frames is broken";
  if (std::ranges::any_of(thread.frames, is_too_deep))
    return "the stack is too deep to be followed";
  if (std::ranges::any_of(thread.frames, has_unreadable_name)) return "a name cannot be read";
  if (std::ranges::any_of(thread.frames, has_overwritten_name))
    return "a frame or a name was overwritten";
  return {};
}

std::string incomplete_reason(const RawRecord& record, const WalkOutcome& outcome) {
  if (!outcome.damage.empty()) return outcome.damage;
  if (record.cut_short != CutShort::kNone) return cut_short_reason(record.cut_short, outcome);
  if (!outcome.ended && !record.published)
    return "the process died while writing the record" + where_it_ends(outcome);
  if (!outcome.ended) return "the record has no end" + where_it_ends(outcome);
  if (outcome.frames_damaged) return "frames that the record does not explain";
  if (!outcome.has_culprit)
    return "the process sent the signal to itself, and which of its threads did is not known";
  if (!outcome.gap.empty()) return outcome.gap;
  if (outcome.sections_skipped) return "sections of an unknown version";
  if (outcome.threads_omitted > 0) return threads_left_out(outcome.threads_omitted);
  return {};
}

}  // namespace pyfault
