// Notes the signals that the watched program sends. The interposed kill functions call it.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <sys/types.h>

namespace pyfault {

// To be called before the program sends `signal` to `pid`, which has the same meaning as for
// kill(): 0 or a negative value is a process group, which may include the program.
void note_sent_signal(pid_t pid, int signal);

}  // namespace pyfault
