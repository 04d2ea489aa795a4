// Finds the fault behind a signal that another handler raised again.
//
// A handler that was installed after ours (faulthandler, others like it) runs first, puts our
// action back and raises the signal anew: what arrives then says "sent by this very thread", and
// the kind and the address of the fault are lost. But the frame that the kernel made for the first
// delivery still lies at the top of the alternate stack, or on the program's own. It holds the
// registers and what the processor said of the trap; from that the siginfo is made again (the
// kernel wrote it only if that handler asked for it).
//
// Context: the signal handler.
#pragma once

#include <signal.h>

#include "agent/in_signal/capture_fault.h"

namespace pyfault {

struct OriginalFault {
  siginfo_t info;
  const void* context;  // lives as long as the handler runs; null: there is no fault behind this
};

OriginalFault find_original_fault(const siginfo_t& info, const void* context);

}  // namespace pyfault
