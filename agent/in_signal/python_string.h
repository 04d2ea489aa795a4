// Copies a Python str into the slot as it is: a StringHeader and raw code units (record.h).
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/python_layout.h"
#include "shared/record.h"

namespace pyfault {

struct Capture;

// Where a str keeps its code units. unit_size 0: not a readable str.
struct StringView {
  std::uintptr_t data = 0;
  std::uint32_t units = 0;
  std::uint8_t unit_size = 0;
  std::uint8_t truncated = 0;
  std::uint64_t hash = kNoHash;
};

StringView view_string(const PythonRuntimeView& python, std::uintptr_t object);

// Appends the str at `object`, or the mark of one that could not be read. False, with
// capture.slot_full set, when the slot has no room.
bool append_string(Capture& capture, std::uintptr_t object);
bool append_string(Capture& capture, const StringView& string);

// The mark of a string that is not there.
bool append_no_string(Capture& capture);

}  // namespace pyfault
