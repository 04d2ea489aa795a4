// Manages the agent's signal actions and the previous ones, and lets a signal take effect after the
// agent has handled it.
//
// Context: install_actions() runs once, in ordinary context, before any fault; everything else runs
// anywhere, signal handlers included.
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

// Returns whether an instruction has raised the signal and will raise it again when it runs again.
// A signal that was sent is not such a fault, nor is a trap or a forbidden system call, after which
// the program counter lies beyond the instruction.
inline bool is_hardware_fault(const siginfo_t& info) {
  return info.si_code > 0 && (signal_bit(info.si_signo) & kFaults) != 0;
}

// Returns whether a process, this one included, has sent the signal; otherwise the kernel has
// raised it.
inline bool is_sent(const siginfo_t& info) {
  return info.si_code == SI_USER || info.si_code == SI_TKILL || info.si_code == SI_QUEUE;
}

using SignalHandler = void (*)(int, siginfo_t*, void*);

bool is_function(SignalHandler handler);  // neither SIG_DFL nor SIG_IGN

// Installs `handler`, and keeps the previous actions in the state that is about to be sealed. An
// ignored signal stays ignored: after an exec, a child would otherwise find it at its default.
void install_actions(SignalHandler handler);

// Installs `handler` if `signal` is a real-time signal at its default; otherwise does nothing.
// System calls that the handler interrupts are restarted.
void install_request_action(int signal, SignalHandler handler);

// For the program's view of its actions (hooks/sigaction.cc), which hides the agent's.
bool is_ours(int signal);  // one of kFatalSignals, and the agent's actions are installed
bool is_our_handler(SignalHandler handler);
KernelSigaction previous_action_of(int signal);  // requires is_ours(signal)
// To be called when the program resets the signal to its default: installs the agent's action, with
// the default behind it, and returns the action that it replaces.
KernelSigaction reset_to_default(int signal);
// To be called when the program has installed a handler that is to run only after the record: makes
// that action the previous one, and installs the agent's. `ends_process`: the handler lets its
// signal end the process. Requires is_ours(signal), and one caller at a time. Returns false if a
// sandbox denies it.
bool put_behind(int signal, bool ends_process);

// To be called after the record: restores the previous action. A hardware fault then repeats when
// the handler returns; any other signal is queued again with its own siginfo and arrives when the
// handler returns. So earlier handlers run, core dumps show the true place, and the wait status is
// what it would have been. Exits with 128 + signal if the kernel would refuse to kill the process
// (PID 1), or if a sandbox denies restoring the action for a signal that does not repeat.
// `context`: the handler's own.
void resume_previous_action(const siginfo_t& info, ucontext_t& context);

// Returns whether the previous action is the default, which ends the process.
bool previous_action_is_default(int signal);

// Returns whether the process must die of the signal that is being handled. False if the program
// has replaced the agent's handler with one that chains to it, which may yet save the process.
bool is_bound_to_die(int signal);

// Handles a fault of another thread that reached the agent while a GuardScope had displaced the
// program's own action: the program may repair the fault, as it would without the agent. Returns
// true if the program's handler has run, or will when the fault repeats.
bool return_to_program(int signal, siginfo_t* info, void* context);

// As long as one exists, guarded_copy() works: the agent's handler is the action of SIGSEGV and
// SIGBUS, even if the program has replaced it, and this thread blocks neither. It blocks SIGPIPE,
// as Bell::ring() requires.
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
