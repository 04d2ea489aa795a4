// Writes the stacks: the faulting thread first, then every other thread of every interpreter.
//
// Context: see capture.h.
#pragma once

#include "agent/in_signal/capture.h"
#include "agent/in_signal/thread_list.h"

namespace pyfault {

// `own`: the state of the thread that the record is about; null if Python does not know it. If
// `self` names no thread, no thread is marked as the faulting one.
void capture_threads(Capture& capture, const ThreadState* own, const ThreadIdentity& self);

}  // namespace pyfault
