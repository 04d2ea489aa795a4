// Gives alternate signal stacks to the threads that were there before the agent.
#pragma once

namespace pyfault {

// Ordinary context, once. Only a thread itself can set its stack, so each is interrupted once by a
// real-time signal that the program does not use; a call that it waits in may return EINTR. Waits
// up to a quarter of a second. A thread that blocks the signal, or has a stack already, stays as it
// is. The stacks live as long as the process: at most one for each thread that is there now.
void adopt_threads();

}  // namespace pyfault
