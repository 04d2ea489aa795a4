#include "agent/in_signal/anchor_list.h"

namespace pyfault {

void AnchorList::take_out_frames(std::uint32_t first, std::uint32_t count) {
  std::uint32_t next = 0;  // the first frame that the calls up to here have not run
  for (std::uint32_t index = 0; index < count_; ++index) {
    if (index == kInnermostAnchors && count_ > kMaxAnchors) index = count_ - kOutermostAnchors;
    std::uint32_t& frame = at(index).frame;
    if (frame == kNoPythonFrame) continue;
    if (frame >= first) frame = frame < first + count ? first - 1 : frame - count;
    if (frame < next) {
      frame = kNoPythonFrame;  // those that it has run are not shown
    } else {
      next = frame + 1;
    }
  }
}

bool AnchorList::append_to(SlotWriter& slot) const {
  const std::uint32_t inner = count_ < kInnermostAnchors ? count_ : kInnermostAnchors;
  const std::uint32_t rest = count_ - inner;
  const std::uint32_t outer = rest < kOutermostAnchors ? rest : kOutermostAnchors;
  const AnchorSection section{
      {SectionTag::kAnchors, kSectionVersion, 0}, inner + outer, rest - outer};
  if (!slot.begin_section(&section, sizeof section) ||
      !slot.append(anchors_, inner * sizeof(Anchor))) {
    return false;
  }
  for (std::uint32_t index = count_ - outer; index < count_; ++index) {
    if (!slot.append(&at(index), sizeof(Anchor))) return false;
  }
  return slot.end_section();
}

}  // namespace pyfault
