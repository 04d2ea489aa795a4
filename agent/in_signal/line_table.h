// Instruction offset -> source position, from the line table of a code object, by plain arithmetic
// over guarded reads. One decoder per format; see LineTable in python_layout.h.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// `offset` in bytes from the first instruction; negative before the first one, which is the line of
// the definition. Unknown positions are kUnknownPosition.
Position locate(LineTable format, const CodeEntry& code, std::int64_t offset);

}  // namespace pyfault
