// The first sections of a record: what happened, to whom, when, and in which interpreter.
//
// Context: see capture.h. Nothing here can fail but for a full slot; the runtime's state is read
// with guards.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {

// What the signal handler was given; both null in a dump.
struct Fault {
  const siginfo_t* info = nullptr;
  const void* context = nullptr;  // a ucontext_t
};

// The calling process and thread, as they see themselves.
struct Identity {
  int pid;
  int tid;
};

void capture_fault(SlotWriter& slot, const Fault& fault, const Identity& self);
void capture_runtime(Capture& capture, std::uintptr_t faulting_interpreter, bool fatal);

}  // namespace pyfault
