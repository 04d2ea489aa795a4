// Whose death a signal is that the process has sent itself, and whether it has been recorded.
//
// A program's own crash handler often gives the signal back to its default and sends it again: with
// raise() to its own thread, with abort(), or with kill() to the whole process, which the kernel
// then delivers to whichever thread does not block it. The thread to report is the one that
// faulted. And where we recorded the fault before that handler ran, nothing new happens: one death
// is one record.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <signal.h>
#include <sys/ucontext.h>

#include "agent/in_signal/identity.h"
#include "agent/in_signal/original_fault.h"

namespace pyfault {

// The calling thread leaves `signal` to its default, perhaps in a handler of the program's.
void note_given_back(int signal);

// The calling thread is about to send `signal` to its own process.
void note_sent_to_self(int signal);

// Did this very process send it?
bool is_sent_by_self(const siginfo_t& info);

struct Death {
  Identity self;           // without a thread: nobody can tell which one sent the signal
  OriginalFault original;  // behind a signal that was sent again, if it is
};

// For what the calling thread, `self`, was interrupted.
Death find_death(const siginfo_t& info, const ucontext_t& context, const Identity& self);

// The fault has been recorded, and goes on to a handler that was there before ours.
void note_recorded(const siginfo_t& info, const ucontext_t& context);

// Is this what became of a fault that has been recorded?
bool is_recorded(const siginfo_t& info, const ucontext_t& context);

// In a forked child: its parent's faults are none of its own.
void forget_handled_faults();

}  // namespace pyfault
