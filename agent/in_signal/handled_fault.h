// Determines which thread's crash is behind a signal that the process has sent to itself, and
// whether it has already been recorded.
//
// A program's own crash handler often resets the signal to its default and sends it again: with
// raise() to its own thread, with abort(), or with kill() to the whole process, which the kernel
// delivers to any thread that does not block the signal. The thread to report is the one that
// faulted. If the agent has recorded the fault before that handler ran, it records nothing again:
// one death is one record.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <signal.h>
#include <sys/ucontext.h>

#include "agent/in_signal/original_fault.h"
#include "agent/in_signal/thread_identity.h"

namespace pyfault {

// To be called when the calling thread resets `signal` to its default, perhaps inside a handler.
void note_reset_to_default(int signal);

// To be called before the calling thread sends `signal` to its own process.
void note_sent_to_self(int signal);

// Returns whether this process itself has sent the signal.
bool is_sent_by_self(const siginfo_t& info);

struct Death {
  ThreadIdentity self;     // tid 0: it is unknown which thread sent the signal
  OriginalFault original;  // the fault behind a signal that was sent again, if there is one
};

// Finds the death for which the calling thread, `self`, was interrupted.
Death find_death(const siginfo_t& info, const ucontext_t& context, const ThreadIdentity& self);

// To be called when the fault has been recorded and is passed on to a handler that was there before
// the agent's.
void note_recorded(const siginfo_t& info, const ucontext_t& context);

// Returns whether the signal results from a fault that has been recorded.
bool is_recorded(const siginfo_t& info, const ucontext_t& context);

// To be called in a forked child: the faults of its parent do not concern it.
void forget_handled_faults();

}  // namespace pyfault
