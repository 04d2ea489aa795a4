// The signal handler: records a fault, publishes the record, and lets the process die as it would
// have without the agent.
#pragma once

#include <signal.h>

#include "agent/arch/processor.h"
#include "agent/in_signal/agent_state.h"
#include "shared/context_writer.h"

namespace pyfault {

// Ordinary context, once. Fatal signals are recorded from here on.
void arm(const AgentState& state);

// Any context. While it is not recording, faults take the way that they would take without the
// agent, and dumps are refused. set_recording() returns what it was before.
bool set_recording(bool recording);
bool is_recording();

// Any context. Returns false in a vfork child, which runs on its parent's memory. A child that was
// forked without the C library takes over its copy of the state here.
bool is_own_process();

// To be called in a forked child before anything else runs there: resets the state that handlers in
// threads of the parent may have left at the fork, and enters the child in the ring.
void forget_parent();

// Any context; to be called around an exec. leave_ring_before_exec() tells the watchdog that the
// calling process leaves its ring, and clears what it has said about itself; returns whether there
// is anything for return_to_ring() to undo.
bool leave_ring_before_exec();
void return_to_ring();

// Ordinary context; to be called whenever there is an opportunity. Attaches if that has not been
// possible yet, or if the watchdog has left the ring.
void ensure_attached();

// Ordinary context, in one thread at a time. Returns what the calling process uses to say things
// about itself; null if there is no ring, or none of its blocks is free.
ContextWriter* context_writer();

// Any context; to be called when the program has set the signal's action to `handler`, which may be
// SIG_DFL or SIG_IGN. If the agent can miss a crash because of that, tells the watchdog, once per
// signal. SIG_IGN counts only for faults, for which the kernel kills the process all the same.
void note_new_action(int signal, const void* handler);

// Any context, but a signal handler must block all signals except faults, as those of the agent do.
// Records the stacks of all threads. If native stacks are wanted, waits until the watchdog has
// looked at those of the other threads, at most for about half a second. `request`: the signal that
// has caused the dump, or null. `registers`: of the calling thread, from which its native stack is
// unwound. Returns false if there is no watchdog, every slot is taken, a crash is being recorded,
// or another dump does not finish within about a second. Preserves errno and the signal mask.
bool record_dump(const siginfo_t* request, const Registers& registers);

}  // namespace pyfault
