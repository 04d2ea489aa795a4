// Our signal actions, those that were there before, and how a signal takes its course after us.
//
// Context: install_actions() runs once, in ordinary context, before any fault; the rest anywhere.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include <cstddef>

#include "agent/in_signal/system_calls.h"

namespace pyfault {

inline constexpr int kFatalSignals[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT,
                                        SIGTRAP, SIGSYS, SIGXCPU, SIGXFSZ, SIGQUIT};
inline constexpr std::size_t kFatalCount = sizeof kFatalSignals / sizeof *kFatalSignals;

inline constexpr KernelSignalSet kFaults =
    signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGFPE) | signal_bit(SIGILL);

// What happens of itself, at an instruction, and not because somebody sent it: it happens again
// when the instruction runs again. A trap or a forbidden system call does not, for the program then
// stands behind it.
inline bool is_hardware_fault(const siginfo_t& info) {
  return info.si_code > 0 && (signal_bit(info.si_signo) & kFaults) != 0;
}

// By a process, this one included; else the kernel has raised it.
inline bool is_sent(const siginfo_t& info) {
  return info.si_code == SI_USER || info.si_code == SI_TKILL || info.si_code == SI_QUEUE;
}

using SignalHandler = void (*)(int, siginfo_t*, void*);

bool is_function(SignalHandler handler);  // neither SIG_DFL nor SIG_IGN

// Remembers the previous actions, in the state that is about to be sealed. A signal that is ignored
// stays ignored: an exec'd child would otherwise find it at its default.
void install_actions(SignalHandler handler);

// A real-time signal that the program leaves to its default gets this handler; another is left
// alone. System calls that it interrupts go on.
void install_request_action(int signal, SignalHandler handler);

// For the program's view of its actions (program_actions.cc), in which ours do not show.
bool is_ours(int signal);  // one of kFatalSignals, and we are installed
bool is_our_handler(SignalHandler handler);
KernelSigaction action_behind_ours(int signal);
// The program leaves the signal to its default: to us, that is, with the default behind us. Gives
// the action that stood there.
KernelSigaction leave_to_default(int signal);

// After the record: the previous action is put back, and a hardware fault repeats when the handler
// returns, while a sent signal is queued again with its own siginfo and arrives when the handler
// returns. So earlier handlers run, core dumps show the true place, and the wait status is what it
// would have been. Ends the process with 128 + signal where the kernel would refuse to kill (PID
// 1), or a sandbox does not let us put an action back for a signal that was sent. `context`: the
// handler's own.
void let_previous_action_run(const siginfo_t& info, ucontext_t& context);

// Will the previous action end the process?
bool previous_action_is_default(int signal);

// Must the process die of the signal that we handle? Not where the program has put a handler in our
// place, which hands on to us: that may yet save it.
bool is_bound_to_die(int signal);

// Did the kernel, and not a handler that chains to us, call the handler that returns there?
bool called_by_kernel(const void* return_address);

// While a dump had displaced the program's own action, a fault of another thread came to us
// instead: the program may repair it, as it would without us. True when it has been sent on its
// way.
bool return_to_program(int signal, siginfo_t* info, void* context);

// While one lives, guarded_copy() works: our handler is the action of SIGSEGV and SIGBUS, whoever
// has replaced it since, and this thread blocks neither.
class GuardScope {
 public:
  GuardScope();
  ~GuardScope();
  GuardScope(const GuardScope&) = delete;
  GuardScope& operator=(const GuardScope&) = delete;

 private:
  bool swapped_[2] = {};
  KernelSignalSet mask_ = 0;
};

}  // namespace pyfault
