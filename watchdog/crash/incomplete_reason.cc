#include "watchdog/crash/incomplete_reason.h"

namespace pyfault {
namespace {

std::string threads_left_out(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " thread left out" : " threads left out");
}

std::string slot_full(std::uint64_t omitted) {
  return omitted == 0 ? "the slot was full" : "the slot was full: " + threads_left_out(omitted);
}

std::string cut_short_reason(CutShort cut_short, std::uint64_t omitted) {
  switch (cut_short) {
    case CutShort::kFaultInHandler:
      return "a fault in the handler cut the record short";
    case CutShort::kSlotFull:
      return slot_full(omitted);
    default:
      return "the record was cut short";
  }
}

}  // namespace

std::string incomplete_reason(const RawRecord& record, const WalkOutcome& outcome) {
  if (!outcome.damage.empty()) return outcome.damage;
  if (record.cut_short != CutShort::kNone)
    return cut_short_reason(record.cut_short, outcome.threads_omitted);
  if (!outcome.ended && !record.published) return "the process died while writing the record";
  if (!outcome.ended) return "the record has no end";
  if (outcome.frames_damaged) return "frames that the record does not explain";
  if (outcome.sections_skipped) return "sections of an unknown version";
  if (outcome.threads_omitted > 0) return threads_left_out(outcome.threads_omitted);
  return {};
}

}  // namespace pyfault
