// Stands before the program's own handler for a signal by which other processes tell a program to
// end: what another process sends is recorded first, as a dump of all threads, for the handler may
// never get as far as to say anything (a Python handler runs in the main thread, and only there,
// and what sits in C code sits on). Then the program's handler gets it, with the arguments, flags
// and mask that it would have had. What happens of itself, or is the program's own doing, goes
// straight to it.
//
// Context: anywhere.
#pragma once

#include <signal.h>

#include "agent/in_signal/system_calls.h"

namespace pyfault {

// Whether handlers for this signal are stood before.
bool is_dumped_before(int signal);

// The kernel's handler in place of the program's. Its action has to have SA_SIGINFO.
void on_program_signal(int signal, siginfo_t* info, void* context);

// The program's own action for such a signal; see set_program_action().
KernelSigaction program_action(int signal);
// Before the kernel gets on_program_signal() with the other members of `action`.
void set_program_action(int signal, const KernelSigaction& action);

}  // namespace pyfault
