#include "agent/in_signal/anchor_list.h"

namespace pyfault {

void AnchorList::take_out_frames(std::uint32_t first, std::uint32_t count) {
  const std::uint32_t kept = count_ < kMaxAnchors ? count_ : kMaxAnchors;
  for (std::uint32_t place = 0; place < kept; ++place) {
    std::uint32_t& frame = anchors_[place].frame;
    if (frame < first || frame == kNoPythonFrame) continue;
    frame = frame < first + count ? first - 1 : frame - count;
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
