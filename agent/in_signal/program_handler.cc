#include "agent/in_signal/program_handler.h"

#include <atomic>
#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/sealed_state.h"
#include "agent/in_signal/signal_actions.h"
#include "agent/in_signal/thread_identity.h"

namespace pyfault {
namespace {

constexpr int kSignals = 32;  // real-time signals do not tell a program to end
constexpr std::uint32_t kKept = 4;

// The last few actions, so that one that is being read is not overwritten.
struct Actions {
  std::atomic<std::uint32_t> latest{0};
  KernelSigaction actions[kKept] = {};
};
Actions actions_of[kSignals];

// False if the kernel has raised the signal, as it does for a fault or a timer.
bool is_sent_by_another(const siginfo_t& info) {
  return is_sent(info) && info.si_pid != own_pid();
}

// Returns whether the stack suffices for a dump, which tests/rules/stack_budget.py limits, and for
// the program's handler. An alternate stack may be as small as the kernel allows.
bool has_room() {
  constexpr std::uintptr_t kEnough = 8192;
  stack_t stack{};
  if (sys_sigaltstack(nullptr, &stack) != 0 || (stack.ss_flags & SS_ONSTACK) == 0) return true;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return here - reinterpret_cast<std::uintptr_t>(stack.ss_sp) >= kEnough;
}

}  // namespace

bool dumps_before_handler(int signal) {
  return signal > 0 && signal < kSignals && sealed_state.armed &&
         (sealed_state.agent.watchdog.dump_before & signal_bit(signal)) != 0;
}

KernelSigaction program_action(int signal) {
  const Actions& actions = actions_of[signal];
  return actions.actions[actions.latest.load(std::memory_order_acquire) % kKept];
}

void set_program_action(int signal, const KernelSigaction& action) {
  Actions& actions = actions_of[signal];
  const std::uint32_t next = actions.latest.load() + 1;
  actions.actions[next % kKept] = action;
  actions.latest.store(next, std::memory_order_release);
}

void on_program_signal(int signal, siginfo_t* info, void* context) {
  if (is_sent_by_another(*info) && has_room()) {
    const KernelSignalSet others = ~kFaults;
    KernelSignalSet mask = 0;
    sys_rt_sigprocmask(SIG_BLOCK, &others, &mask);
    Registers here{};
    save_registers(here);
    const bool is_from_kernel = is_context_of_handler(context, __builtin_dwarf_cfa());
    record_dump(info, is_from_kernel
                          ? registers_of(static_cast<const ucontext_t*>(context)->uc_mcontext)
                          : here);
    sys_rt_sigprocmask(SIG_SETMASK, &mask, nullptr);
  }
  const KernelSigaction action = program_action(signal);
  if (!is_function(action.handler)) return;
  action.handler(signal, info, context);  // the ABI permits three arguments for a handler of one
}

}  // namespace pyfault
