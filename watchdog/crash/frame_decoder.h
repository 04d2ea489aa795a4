// Frame entries -> frames, with the code objects that they name.
//
// A record names a code object once and may point at it from tens of thousands of frames, while a
// Frame owns its text: so the text that all frames together may hold is bounded by a budget, or a
// hostile record of 2 MiB would become gigabytes.
#pragma once

#include <cstddef>
#include <vector>

#include "watchdog/crash/crash.h"
#include "watchdog/crash/name_check.h"
#include "watchdog/crash/sections.h"

namespace pyfault {

class FrameDecoder {
 public:
  // In bytes of UTF-8.
  explicit FrameDecoder(std::size_t text_budget) : text_budget_(text_budget) {}

  // False, and nothing added, when `code` does not carry the next index.
  bool add(CodeObject code);

  // An entry of an unknown kind becomes an unreadable frame; one whose code object is not in the
  // record, or whose text exceeds the budget, a frame with unreadable names. Both set damaged().
  Frame decode(const FrameEntry& entry);

  bool damaged() const { return damaged_; }

 private:
  Frame decode_code(const FrameEntry& entry);
  void name(Frame& frame, std::uint32_t code_index);
  bool spend(std::size_t text);

  std::vector<CodeObject> codes_;
  NameCheck names_;
  std::size_t text_budget_;
  bool damaged_ = false;
};

}  // namespace pyfault
