// The anchors of one thread (shared/record.h), innermost first: of more than kMaxAnchors, both
// ends.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "shared/record.h"
#include "shared/ring_writer.h"

namespace pyfault {

class AnchorList {
 public:
  void clear() { count_ = 0; }
  bool empty() const { return count_ == 0; }

  // Requires a `frame` that is not below those of the anchors before, or kNoPythonFrame.
  void add(std::uint32_t frame, std::uintptr_t address) { at(count_++) = {frame, 0, address}; }

  // To be called when it turns out that `count` frames from the position `first` on are not shown:
  // the frames further out move up, and a call that has run no others has run none. Requires first
  // > 0.
  void take_out_frames(std::uint32_t first, std::uint32_t count);

  // Appends them as a section. Returns false if the slot has no room.
  bool append_to(SlotWriter& slot) const;

 private:
  static std::uint32_t place_of(std::uint32_t index) {
    return index < kInnermostAnchors
               ? index
               : kInnermostAnchors + (index - kInnermostAnchors) % kOutermostAnchors;
  }
  Anchor& at(std::uint32_t index) { return anchors_[place_of(index)]; }
  const Anchor& at(std::uint32_t index) const { return anchors_[place_of(index)]; }

  std::uint32_t count_;  // of all that were added
  Anchor anchors_[kMaxAnchors];
};

}  // namespace pyfault
