// Writes the stacks: the faulting thread first, with its native stack, then the Python frames of
// every other thread of every interpreter, with anchors if native stacks are wanted.
//
// Context: see capture.h.
#pragma once

#include "agent/arch/processor.h"
#include "agent/in_signal/capture.h"
#include "agent/in_signal/thread_list.h"

namespace pyfault {

// `own`: the state of the thread that the record is about; null if Python does not know it. If
// `self` names no thread, no thread is marked as the faulting one. `registers`: those of `self`
// when it faulted or began to dump; null if they are unknown, or if native stacks are not wanted.
void capture_threads(Capture& capture, const ThreadState* own, const ThreadIdentity& self,
                     const Registers* registers);

}  // namespace pyfault
