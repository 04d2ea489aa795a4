// A program that puts itself into a seccomp sandbox may be killed for a system call which that has
// not foreseen, and its crash handler must know.
//
// Context: anywhere.
#pragma once

namespace pyfault {

// `filter`: the address of a sock_fprog that the kernel has just taken.
void note_filter(unsigned long filter);
void note_strict_sandbox();

}  // namespace pyfault
