// What a watched program sends, for whoever stands before a function that sends signals.
//
// Context: anywhere.
#pragma once

#include <sys/types.h>

namespace pyfault {

// It is about to send `signal` to `pid`, which is as kill() takes it: one that is not above 0 is a
// group that the program may be in.
void note_sent_signal(pid_t pid, int signal);

}  // namespace pyfault
