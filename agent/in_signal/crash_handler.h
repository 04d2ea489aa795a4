// The signal handler: from a fault to a published record to the death that was due.
#pragma once

#include <signal.h>

#include "agent/in_signal/agent_state.h"

namespace pyfault {

// Ordinary context, once: from here on a fatal signal is recorded.
void arm(const AgentState& state);

// Any context. Not so in a vfork child, which runs on its parent's memory. A child that was forked
// past the C library takes its memory over here.
bool is_own_process();

// In a forked child, before anything else runs there: what a thread of the parent was doing in a
// handler at the fork does not concern the child.
void forget_parent();

// Any context, around an exec: whether the calling process is a forked child that the watchdog
// takes for one of ours. Then it is none any more, until join_family().
bool leave_family();
void join_family();

// Ordinary context, at an occasion that comes by: what could not be had when the agent armed is
// tried again.
void make_sure_of_watchdog();

// Any context: the program has given the signal another action, whose handler this is, or SIG_DFL
// or SIG_IGN. Where that keeps us from hearing of a crash the watchdog is told, once a signal: of
// one that is ignored the kernel kills for a fault all the same.
void note_new_action(int signal, const void* handler);

// Any context but a handler's (that of the dump signal apart, which blocks all others): records the
// stacks of all threads and returns without waiting. `request`: the signal that is the reason for
// it, if one is. False when there is no watchdog, every slot is taken, or a crash or another dump
// is being recorded. errno and the signal mask are kept.
bool record_dump(const siginfo_t* request = nullptr);

}  // namespace pyfault
