// Notes the seccomp sandboxes that the program enters. A sandbox may kill the program for a system
// call that it does not allow, so the crash handler must know which ones to avoid.
//
// Context: anywhere, signal handlers included.
#pragma once

namespace pyfault {

// `filter`: the address of a sock_fprog that the kernel has just accepted.
void note_filter(unsigned long filter);
void note_strict_sandbox();

}  // namespace pyfault
