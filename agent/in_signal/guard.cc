#include "agent/in_signal/guard.h"

#include <atomic>

#include "agent/in_signal/signal_actions.h"
#include "agent/in_signal/thread_list.h"

namespace pyfault {
namespace {

// Of one thread. This model needs no call to find it, which may allocate.
struct OpenGuards {
  std::uint32_t count;
  std::uint32_t faults;
  bool is_landing;
  Landing landing;
  FloatModes modes;
  CaughtFault fault;
};
[[gnu::tls_model("initial-exec")]] constinit thread_local OpenGuards own_guards{};

constinit std::atomic<std::uint32_t> all_faults{0};
constinit DelicateCode delicate_code{};
constinit UnwindScratch scratch{};

// Ordinary context: what the evaluation loop has called, in its view. A fault in here, or in Python
// code that runs meanwhile, ends the process.
void* run_landing(OpenGuards* guards) {
  set_float_modes(guards->modes);
  const CaughtFault fault = guards->fault;
  void* result = guards->landing(fault);
  guards->is_landing = false;
  return result;
}

bool may_be_caught(const siginfo_t& info) {
  constexpr KernelSignalSet kCaught = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGFPE);
  return is_hardware_fault(info) && (signal_bit(info.si_signo) & kCaught) != 0;
}

GuardOutcome decide(const AgentState& agent, const siginfo_t& info, const Registers& registers,
                    const ThreadIdentity& self, GuardPlan& plan) {
  if (!may_be_caught(info)) return GuardOutcome::kNoHardwareFault;
  ThreadState thread;
  if (own_guards.is_landing || !find_thread_of(agent.python, self, thread)) {
    return GuardOutcome::kNoPythonCall;
  }
  plan.thread_state = thread.address;
  return find_python_call(agent.python, thread, registers, delicate_code, scratch, plan.caller);
}

}  // namespace

void open_guard(Landing landing) {
  OpenGuards& guards = own_guards;
  if (guards.count++ != 0) return;
  guards.landing = landing;
  guards.modes = float_modes();
}

void close_guard() {
  if (own_guards.count != 0) --own_guards.count;
}

std::uint32_t faults_of_thread() {
  return own_guards.faults;
}

std::uint32_t faults_of_process() {
  return all_faults.load(std::memory_order_relaxed);
}

void add_allocator(std::uintptr_t function) {
  std::uint32_t& count = delicate_code.allocator_count;
  if (count < DelicateCode::kMost) delicate_code.allocators[count++] = function;
}

void set_allocator_module(const Text& text) {
  delicate_code.allocator_module = text;
}

void learn_collector(const PythonRuntimeView& python, const Registers& registers,
                     std::uintptr_t outermost) {
  Unwinder stack(python, registers, scratch);
  std::uint32_t count = 0;
  // The innermost two are the caller and the tp_traverse that has called it.
  for (std::uint32_t frame = 0; frame < DelicateCode::kMost && stack.look(); ++frame) {
    if (frame > 1) delicate_code.collectors[count++] = stack.function().begin;
    if (stack.function().begin == outermost) {
      delicate_code.collector_count = count;
      return;
    }
    if (!stack.leave()) return;
  }
}

void plan_exception(const AgentState& agent, const siginfo_t& info, const Registers& registers,
                    const ThreadIdentity& self, GuardPlan& plan) {
  plan.guarded = own_guards.count != 0;
  plan.info = info;
  if (plan.guarded) plan.outcome = decide(agent, info, registers, self, plan);
}

void append_guard(SlotWriter& slot, const GuardPlan& plan) {
  if (!plan.guarded) return;
  const GuardSection section{
      {SectionTag::kGuard, kSectionVersion, sizeof section}, plan.outcome, 0};
  if (slot.append(&section, sizeof section)) slot.commit();
}

void land(ucontext_t& context, const GuardPlan& plan, const ReportId& report) {
  OpenGuards& guards = own_guards;
  guards.fault = {plan.info.si_signo, plan.info.si_code != SI_KERNEL,
                  reinterpret_cast<std::uintptr_t>(plan.info.si_addr), plan.thread_state, report};
  guards.is_landing = true;
  ++guards.faults;
  all_faults.fetch_add(1, std::memory_order_relaxed);
  set_call(context.uc_mcontext, plan.caller, reinterpret_cast<std::uintptr_t>(&run_landing),
           reinterpret_cast<std::uintptr_t>(&guards));
}

}  // namespace pyfault
