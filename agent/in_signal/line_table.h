// Maps an instruction offset to a source position by decoding the line table of a code object with
// guarded reads. There is one decoder per format; see LineTable in python_layout.h.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// `offset`: in bytes from the first instruction; a negative offset yields the line of the
// definition. Unknown positions are kUnknownPosition.
Position locate(LineTable format, const CodeEntry& code, std::int64_t offset);

}  // namespace pyfault
