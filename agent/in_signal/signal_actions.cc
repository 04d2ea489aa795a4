#include "agent/in_signal/signal_actions.h"

#include <sys/mman.h>

#include <cstring>

#include "agent/in_signal/sealed_state.h"

namespace pyfault {
namespace {

constexpr int kGuardSignals[] = {SIGSEGV, SIGBUS};
constexpr std::size_t kGuardCount = 2;

// The actions that a GuardScope has displaced. They are kept after the scope, because a fault that
// occurred during the scope may be handled only afterwards.
KernelSigaction displaced_actions[kGuardCount];
constinit std::atomic<bool> displaced[kGuardCount];
constinit std::atomic<bool> guarding[kGuardCount];  // a GuardScope displaces them right now
// Signals that the program has reset to their default; their previous actions no longer count.
constinit std::atomic<KernelSignalSet> left_to_default{0};
constexpr KernelSigaction kDefaultAction{};

// The actions that put_behind() has set. They have a page of their own, which is read-only except
// while one is set: like sealed_state, a stray write must not redirect the death of the process.
struct ActionBehind {
  KernelSigaction action;
  bool ends_process;
};
struct alignas(kPageSize) ActionsBehind {
  ActionBehind of[kFatalCount];
};
constinit ActionsBehind behind{};
constinit std::atomic<KernelSignalSet> put_behind_signals{0};

bool set_behind(std::size_t index, const ActionBehind& wanted) {
  const KernelSignalSet bit = signal_bit(kFatalSignals[index]);
  const long page = as_argument(&behind);
  if (system_call(SYS_mprotect, page, sizeof behind, PROT_READ | PROT_WRITE) != 0) return false;
  put_behind_signals.fetch_and(~bit);
  behind.of[index] = wanted;
  put_behind_signals.fetch_or(bit);
  system_call(SYS_mprotect, page, sizeof behind, PROT_READ);
  return true;
}

// Faults stay deliverable inside the handler, because guarded_copy() and the sealing of a record
// rely on them. All other signals wait until the handler has returned.
KernelSigaction our_action() {
  constexpr unsigned long kFlags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  return make_action(sealed_state.handler, kFlags, ~kFaults);
}

// Returns kFatalCount if the signal is not one of them.
std::size_t index_of(int signal) {
  std::size_t index = 0;
  while (index < kFatalCount && kFatalSignals[index] != signal) ++index;
  return index;
}

const KernelSigaction* previous_action(int signal) {
  const std::size_t index = index_of(signal);
  if (index == kFatalCount) return nullptr;
  const KernelSignalSet bit = signal_bit(signal);
  if ((left_to_default.load() & bit) != 0) return &kDefaultAction;
  const bool is_behind = (put_behind_signals.load() & bit) != 0;
  return is_behind ? &behind.of[index].action : &sealed_state.previous_actions[index];
}

// Whether the handler that runs after the agent's lets the signal end the process.
bool ends_process_from_behind(int signal) {
  const KernelSignalSet bit = signal_bit(signal);
  return (put_behind_signals.load() & ~left_to_default.load() & bit) != 0 &&
         behind.of[index_of(signal)].ends_process;
}

bool is_special(SignalHandler handler, void (*special)(int)) {
  return reinterpret_cast<std::uintptr_t>(handler) == reinterpret_cast<std::uintptr_t>(special);
}

// For a sandbox that denies restoring an action: a fault whose signal is blocked ends the process
// as the default action would.
void block_after_return(int signal, ucontext_t& context) {
  KernelSignalSet mask = 0;
  std::memcpy(&mask, &context.uc_sigmask, sizeof mask);
  mask |= signal_bit(signal);
  std::memcpy(&context.uc_sigmask, &mask, sizeof mask);
}

}  // namespace

bool is_function(SignalHandler handler) {
  return !is_special(handler, SIG_DFL) && !is_special(handler, SIG_IGN);
}

void install_actions(SignalHandler handler) {
  sealed_state.handler = handler;
  const KernelSigaction ours = our_action();
  for (std::size_t index = 0; index < kFatalCount; ++index) {
    KernelSigaction& previous = sealed_state.previous_actions[index];
    sys_rt_sigaction(kFatalSignals[index], nullptr, &previous);
    if (!is_special(previous.handler, SIG_IGN)) {
      sys_rt_sigaction(kFatalSignals[index], &ours, nullptr);
    }
  }
}

void install_request_action(int signal, SignalHandler handler) {
  constexpr int kFirstRealTime = 34;  // glibc reserves those below
  constexpr int kLastRealTime = 64;
  constexpr unsigned long kFlags = SA_SIGINFO | SA_RESTART;
  KernelSigaction previous;
  if (signal < kFirstRealTime || signal > kLastRealTime ||
      sys_rt_sigaction(signal, nullptr, &previous) != 0 || !is_special(previous.handler, SIG_DFL)) {
    return;
  }
  const KernelSigaction request = make_action(handler, kFlags, ~kFaults);
  sys_rt_sigaction(signal, &request, nullptr);
}

bool is_ours(int signal) {
  return sealed_state.handler != nullptr && previous_action(signal) != nullptr;
}

bool is_our_handler(SignalHandler handler) {
  return handler == sealed_state.handler;
}

KernelSigaction previous_action_of(int signal) {
  return *previous_action(signal);
}

KernelSigaction reset_to_default(int signal) {
  const KernelSigaction ours = our_action();
  KernelSigaction replaced;
  left_to_default.fetch_or(signal_bit(signal));
  sys_rt_sigaction(signal, &ours, &replaced);
  return replaced;
}

bool put_behind(int signal, bool ends_process) {
  KernelSigaction current;
  if (sys_rt_sigaction(signal, nullptr, &current) != 0 ||
      !set_behind(index_of(signal), {current, ends_process})) {
    return false;
  }
  const KernelSigaction ours = our_action();
  if (sys_rt_sigaction(signal, &ours, nullptr) != 0) return false;
  left_to_default.fetch_and(~signal_bit(signal));
  return true;
}

bool previous_action_is_default(int signal) {
  const KernelSigaction* previous = previous_action(signal);
  return previous != nullptr && is_special(previous->handler, SIG_DFL);
}

bool is_bound_to_die(int signal) {
  if (!previous_action_is_default(signal) && !ends_process_from_behind(signal)) return false;
  for (std::size_t index = 0; index < kGuardCount; ++index) {
    if (kGuardSignals[index] == signal && guarding[index].load()) return false;
  }
  KernelSigaction current;
  return sys_rt_sigaction(signal, nullptr, &current) == 0 &&
         current.handler == sealed_state.handler;
}

void resume_previous_action(const siginfo_t& info, ucontext_t& context) {
  const int signal = info.si_signo;
  const KernelSigaction* previous = previous_action(signal);
  const bool restored = previous != nullptr && sys_rt_sigaction(signal, previous, nullptr) == 0;
  if (is_hardware_fault(info)) {
    if (!restored) block_after_return(signal, context);
    return;
  }

  const int pid = sys_getpid();
  // The kernel drops signals that would kill the first process of a PID namespace. A signal whose
  // action cannot be restored would arrive here forever.
  if (!restored || (pid == 1 && previous_action_is_default(signal))) sys_exit_group(128 + signal);
  const KernelSignalSet blocked = signal_bit(signal);
  sys_rt_sigprocmask(SIG_BLOCK, &blocked, nullptr);
  if (sys_rt_tgsigqueueinfo(pid, sys_gettid(), signal, &info) != 0) {
    system_call(SYS_tgkill, pid, sys_gettid(), signal);  // queue full: send without siginfo
  }
}

// A scope restores the action before it clears `guarding`. If the agent's handler is installed and
// `guarding` is not set, the scope has ended between the two checks, so both are repeated.
bool return_to_program(int signal, siginfo_t* info, void* context) {
  constexpr int kLooks = 3;
  const std::size_t index = signal == kGuardSignals[0] ? 0 : 1;
  if (signal != kGuardSignals[index] || !displaced[index].load(std::memory_order_acquire)) {
    return false;
  }
  for (int look = 0; look < kLooks; ++look) {
    KernelSigaction current;
    if (sys_rt_sigaction(signal, nullptr, &current) != 0) return false;
    // The program's action has been restored: the fault repeats there.
    if (current.handler != sealed_state.handler) return true;
    const KernelSigaction& action = displaced_actions[index];
    if (!guarding[index].load() || !is_function(action.handler)) continue;
    action.handler(signal, info, context);  // the ABI permits three arguments for a handler of one
    return true;
  }
  return false;
}

GuardScope::GuardScope() {
  const KernelSigaction ours = our_action();
  for (std::size_t index = 0; index < kGuardCount; ++index) {
    KernelSigaction current;
    // If a sandbox denies this, the current action stays in place.
    swapped_[index] = sys_rt_sigaction(kGuardSignals[index], nullptr, &current) == 0 &&
                      current.handler != sealed_state.handler;
    if (!swapped_[index]) continue;
    displaced_actions[index] = current;
    displaced[index].store(true, std::memory_order_release);
    guarding[index].store(true);
    sys_rt_sigaction(kGuardSignals[index], &ours, nullptr);
  }
  const KernelSignalSet blocked = signal_bit(SIGPIPE);
  const KernelSignalSet unblocked = kFaults;
  sys_rt_sigprocmask(SIG_BLOCK, &blocked, &mask_);
  if ((mask_ & unblocked) != 0) sys_rt_sigprocmask(SIG_UNBLOCK, &unblocked, nullptr);
}

GuardScope::~GuardScope() {
  sys_rt_sigprocmask(SIG_SETMASK, &mask_, nullptr);
  for (std::size_t index = 0; index < kGuardCount; ++index) {
    if (!swapped_[index]) continue;
    sys_rt_sigaction(kGuardSignals[index], &displaced_actions[index], nullptr);
    guarding[index].store(false);
  }
}

}  // namespace pyfault
