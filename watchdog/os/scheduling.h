// How this process shares processors with the programs that it watches.
#pragma once

namespace pyfault {

// Switches this thread, and those that it starts from now on, to SCHED_BATCH (sched(7)), so that a
// wake-up does not preempt the running program: a program that wakes the watchdog in the middle of
// its work continues, and the watchdog runs on another processor or when this one is free. The
// share of processor time is unchanged. Does nothing if the policy is not the default one, or if
// the change is refused.
void use_batch_scheduling();

// Undoes use_batch_scheduling(), which children inherit. Called in a child between fork and exec;
// it only makes a system call.
void restore_scheduling();

}  // namespace pyfault
