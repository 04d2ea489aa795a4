// Runs before the program's own handler for a signal with which other processes tell a program to
// end. If another process has sent the signal, all threads are dumped first, because the handler
// may never get to report anything (a Python handler runs only in the main thread, and not while
// that is stuck in C code). Then the program's handler is called with the arguments, flags and mask
// that it would have had. A signal that the kernel raises, or that the program sends to itself,
// goes straight to that handler.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <signal.h>

#include "agent/in_signal/system_calls.h"

namespace pyfault {

// Returns whether a dump is made before handlers for this signal run.
bool dumps_before_handler(int signal);

// Is installed in place of the program's handler. Its action must have SA_SIGINFO.
void on_program_signal(int signal, siginfo_t* info, void* context);

// Returns the program's own action for such a signal; see set_program_action().
KernelSigaction program_action(int signal);
// To be called before on_program_signal() is installed with the other members of `action`.
void set_program_action(int signal, const KernelSigaction& action);

}  // namespace pyfault
