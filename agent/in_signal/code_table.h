// Code objects and places within them, each read once a record.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// How `frame` is shown. Writes the section of its code object at first sight. Null when there is no
// readable code object, or, with capture.slot_full set, no room for it. Valid until the next call.
const PlaceEntry* find_place(Capture& capture, const RawFrame& frame);

// Asks for the memory that find_place(frame) will need.
void prefetch_place(const Capture& capture, const RawFrame& frame);

}  // namespace pyfault
