// Writes the first sections of a record: what happened, in which process, thread and interpreter,
// and when.
//
// Context: see capture.h. Nothing here fails unless the slot is full; the runtime's state is read
// with guards.
#pragma once

#include <sys/ucontext.h>

#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/in_signal/capture.h"
#include "agent/in_signal/system_calls.h"
#include "agent/in_signal/thread_identity.h"

namespace pyfault {

// What the signal handler received. `info` is null for a dump that no signal has caused.
// `registers` is null if the crash is that of another thread than the one that has received the
// signal and its registers are unknown.
struct Fault {
  RecordKind kind = RecordKind::kDump;
  const siginfo_t* info = nullptr;
  const Registers* registers = nullptr;
};

void capture_fault(SlotWriter& slot, const Fault& fault, const ThreadIdentity& self);
void capture_runtime(Capture& capture, const ThreadIdentity& self,
                     std::uintptr_t faulting_interpreter, bool fatal);

}  // namespace pyfault
