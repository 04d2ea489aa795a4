// Gives every new thread an alternate signal stack, by standing in for pthread_create.
#pragma once

namespace pyfault {

// Ordinary context, once, before the program has threads. Until then, and where there is nothing to
// be had, threads start as they would without us.
void give_threads_signal_stacks();

}  // namespace pyfault
