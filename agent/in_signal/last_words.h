// Why the program gave up, in its own words: what glibc, the interpreter or libstdc++ said before
// the thread aborted; or else the last that it wrote to stderr before it did.
//
// Context: see capture.h. Found in memory, with guards.
#pragma once

#include "agent/in_signal/capture.h"
#include "agent/in_signal/capture_fault.h"

namespace pyfault {

// A message section, or nothing where there are no last words. `libc_message`: the address of
// glibc's own pointer to what it last said (__abort_msg), 0 where it has none.
void capture_last_words(Capture& capture, const Fault& fault, const Identity& self,
                        std::uintptr_t libc_message);

}  // namespace pyfault
