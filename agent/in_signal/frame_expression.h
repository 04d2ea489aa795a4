// Evaluates the expressions of call frame information, by which functions with unusual frames
// (realigned stacks, trampolines) say where the caller's registers are.
//
// Context: see capture.h. Every read is guarded; expressions have no loops here.
#pragma once

#include <cstdint>

#include "agent/arch/processor.h"

namespace pyfault {

// `expression`: the address of its length. `registers`: those of the frame. `first`: what is on the
// evaluation stack at the beginning. Returns false if it cannot be read, or has an operation that
// call frame information does not use.
bool evaluate_expression(std::uintptr_t expression, const UnwindRegisters& registers,
                         std::uintptr_t first, std::uintptr_t& result);

}  // namespace pyfault
