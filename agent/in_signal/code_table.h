// Reads code objects and the places within them, each once per record.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// Returns how `frame` is shown, and writes the section of its code object when that is first seen.
// Returns null if there is no readable code object or, with capture.slot_full set, no room for it.
// The result is valid until the next call.
const PlaceEntry* find_place(Capture& capture, const RawFrame& frame);

// Prefetches the memory that find_place(frame) will need.
void prefetch_place(const Capture& capture, const RawFrame& frame);

}  // namespace pyfault
