// The stacks: the faulting thread first, then every other thread of every interpreter.
//
// Context: see capture.h.
#pragma once

#include "agent/in_signal/capture.h"
#include "agent/in_signal/thread_list.h"

namespace pyfault {

// `own` is the state of the thread that the record is about; null when Python does not know it. All
// threads are alike where `self` names none.
void capture_threads(Capture& capture, const ThreadState* own, const Identity& self);

}  // namespace pyfault
