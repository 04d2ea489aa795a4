// The first sections of a record: what happened, to whom, when, and in which interpreter.
//
// Context: see capture.h. Nothing here can fail but for a full slot; the runtime's state is read
// with guards.
#pragma once

#include <sys/ucontext.h>

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/identity.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {

// What the signal handler was given. A thread that is not the one that takes the signal may have a
// crash without registers; a dump may have been asked for by a signal.
struct Fault {
  RecordKind kind = RecordKind::kDump;
  const siginfo_t* info = nullptr;
  const gregset_t* registers = nullptr;
};

void capture_fault(SlotWriter& slot, const Fault& fault, const Identity& self);
void capture_runtime(Capture& capture, const Identity& self, std::uintptr_t faulting_interpreter,
                     bool fatal);

}  // namespace pyfault
