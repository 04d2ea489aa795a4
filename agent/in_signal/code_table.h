// Code objects and places within them, each read once a record.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// Writes the code section at first sight. Null when there is no readable code object at `address`,
// or, with capture.slot_full set, no room for it. Valid until the next call.
const CodeEntry* find_code(Capture& capture, std::uintptr_t address);

// Where `frame`, whose code is `code`, stands in its source.
Position find_position(Capture& capture, const CodeEntry& code, const RawFrame& frame);

}  // namespace pyfault
