// Interprets siginfo: which of its fields are meaningful depends on the signal and its code.
#pragma once

#include "shared/record.h"
#include "watchdog/crash/crash.h"

namespace pyfault {

// The address is kept if the kernel raised SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGTRAP and provided
// one (with SI_KERNEL, as for a non-canonical address, si_addr is 0 and meaningless); the sender is
// kept for SI_USER, SI_TKILL and SI_QUEUE. The description reads like "Segmentation fault: address
// not mapped (null pointer)", "Aborted: raised by the process itself" or "Terminated: sent by
// process 7 (uid 0)".
Signal explain_signal(const FaultSection& fault);

}  // namespace pyfault
