// The stacks: the faulting thread first, then every other thread of every interpreter.
//
// Context: see capture.h.
#pragma once

#include "agent/in_signal/capture.h"
#include "agent/in_signal/thread_list.h"

namespace pyfault {

// `own` is the calling thread's state; null when Python does not know it.
void capture_threads(Capture& capture, const ThreadState* own, std::int32_t tid);

}  // namespace pyfault
