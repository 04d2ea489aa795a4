// Gives every new thread an alternate signal stack by interposing pthread_create().
#pragma once

namespace pyfault {

// Ordinary context, once, before the program has threads. Until then, and if a stack cannot be
// allocated, threads start as they would without the agent.
void give_threads_signal_stacks();

// The number of threads of this process that have got a stack from the agent, the main thread and
// the adopted ones (adopt_threads.h) included. count_signal_stack() counts one more.
int threads_with_signal_stack();
void count_signal_stack();
// To be called in a forked child: only the thread that has forked lives on.
void forget_other_signal_stacks();

}  // namespace pyfault
