// Captures the message that explains an abort: that of glibc, the interpreter or libstdc++, or else
// the last lines that the program wrote to stderr.
//
// Context: see capture.h. The messages are read from memory, with guards.
#pragma once

#include "agent/in_signal/capture.h"
#include "agent/in_signal/capture_fault.h"

namespace pyfault {

// Writes a message section, or nothing if there is no message. `libc_message`: the address of
// glibc's pointer to its last message (__abort_msg); 0 if it has none.
void capture_last_words(Capture& capture, const Fault& fault, const ThreadIdentity& self,
                        std::uintptr_t libc_message);

}  // namespace pyfault
