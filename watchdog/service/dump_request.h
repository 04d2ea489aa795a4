// Asks a running process for the stacks of all its threads.
#pragma once

namespace pyfault {

// Sends `signal`, the dump signal that the agent in the process was configured with. Returns false
// if it was not sent: the process does not catch it (and would die of it), is gone, or `signal` is
// 0.
bool ask_for_dump(int pid, int signal);

}  // namespace pyfault
