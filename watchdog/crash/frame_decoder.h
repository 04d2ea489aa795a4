// Turns frame entries into frames, with the code objects that they refer to.
//
// A record contains a code object once and may refer to it from tens of thousands of frames, while
// a Frame owns its text. So the total text of all frames is bounded by a budget; otherwise a
// hostile record of 2 MiB would expand to gigabytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared/record.h"
#include "watchdog/crash/crash.h"
#include "watchdog/crash/name_check.h"
#include "watchdog/crash/record_text.h"

namespace pyfault {

struct CodeObject {
  std::uint64_t address;
  std::uint32_t index;
  Text file;
  Text qualified_name;
  Text name;
};

class FrameDecoder {
 public:
  // `text_budget` is in bytes of UTF-8.
  explicit FrameDecoder(std::size_t text_budget) : text_budget_(text_budget) {}

  // Returns false, and adds nothing, if `code` does not have the next index.
  bool add(CodeObject code);

  // An entry of an unknown kind becomes an unreadable frame. One whose code object is missing, or
  // whose text exceeds the budget, becomes a frame with unreadable names. Both set damaged().
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
