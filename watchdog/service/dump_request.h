// Asks a running process for the stacks of all its threads.
#pragma once

namespace pyfault {

// By `signal`, of a process with an agent that was told of it. False when it was not sent: the
// process does not catch it (it would die of it), is gone, or `signal` is 0.
bool ask_for_dump(int pid, int signal);

}  // namespace pyfault
