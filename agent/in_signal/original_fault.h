// Finds the fault behind a signal that another handler has raised again.
//
// A handler that was installed after the agent's (faulthandler and the like) runs first, restores
// the agent's action and raises the signal again. The new siginfo says that this thread has sent
// the signal, so the kind and the address of the fault are lost. But the signal frame of the first
// delivery still lies at the top of the alternate stack, or on the program's own. It holds the
// registers and the processor's information on the trap, from which the siginfo is reconstructed
// (the kernel has written one only if that handler requested it).
//
// Context: the signal handler, unless stated otherwise.
#pragma once

#include <signal.h>
#include <sys/ucontext.h>

#include "agent/arch/processor.h"

namespace pyfault {

struct OriginalFault {
  siginfo_t info;  // si_signo 0: there is no original fault
  Registers registers;

  explicit operator bool() const { return info.si_signo != 0; }
};

// `context`: that of the handler for the repeated signal.
OriginalFault find_original_fault(int signal, const ucontext_t& context);

// Returns the fault that the calling thread is handling, if it runs a handler for `signal`.
// Context: anywhere, inside a GuardScope.
OriginalFault find_fault_being_handled(int signal);

}  // namespace pyfault
