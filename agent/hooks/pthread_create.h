// Gives every new thread an alternate signal stack by interposing pthread_create().
#pragma once

namespace pyfault {

// Ordinary context, once, before the program has threads. Until then, and if a stack cannot be
// allocated, threads start as they would without the agent.
void give_threads_signal_stacks();

}  // namespace pyfault
