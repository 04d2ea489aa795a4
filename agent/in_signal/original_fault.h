// Finds the fault behind a signal that another handler raised again.
//
// A handler that was installed after ours (faulthandler, others like it) runs first, puts our
// action back and raises the signal anew: what arrives then says "sent by this very thread", and
// the kind and the address of the fault are lost. But the frame that the kernel made for the first
// delivery still lies at the top of the alternate stack, or on the program's own. It holds the
// registers and what the processor said of the trap; from that the siginfo is made again (the
// kernel wrote it only if that handler asked for it).
//
// Context: the signal handler, but for what says otherwise.
#pragma once

#include <signal.h>
#include <sys/ucontext.h>

namespace pyfault {

struct OriginalFault {
  siginfo_t info;  // si_signo 0: there is no fault behind this
  gregset_t registers;

  explicit operator bool() const { return info.si_signo != 0; }
};

// `context`: of the handler for the signal that came anew.
OriginalFault find_original_fault(int signal, const ucontext_t& context);

// The one that the calling thread is handling at the moment, if it runs a handler for `signal`.
// Anywhere, inside a GuardScope.
OriginalFault find_fault_being_handled(int signal);

}  // namespace pyfault
