// Writes what the watchdog needs to unwind the native stack of a thread that has faulted: the
// anchors of its Python frames, the machine code around its program counter, and a raw copy of its
// stack (shared/record.h).
//
// Context: see capture.h. Each part is committed by itself. A part that the slot has no room for is
// left out, or made smaller, and never makes the slot full for what follows.
#pragma once

#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/in_signal/capture.h"

namespace pyfault {

// The anchors of all functions are in capture.scratch.
void append_anchors(Capture& capture);

// `registers`: those of the thread when it faulted. `pthread_self`: of the thread.
void capture_native_stack(Capture& capture, const Registers& registers,
                          std::uintptr_t pthread_self);

}  // namespace pyfault
