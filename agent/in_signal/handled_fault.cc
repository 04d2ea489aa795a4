#include "agent/in_signal/handled_fault.h"

#include <atomic>
#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/sealed_state.h"
#include "agent/in_signal/signal_actions.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

// A thread that has reset a signal inside its handler, or sent it to its own process.
struct Suspect {
  int signal = 0;
  ThreadIdentity self;
  OriginalFault original{};
};

// The last suspect. Any thread may read and write it, without waiting: while one thread writes, a
// suspect that another stores is lost, and a reader finds none.
class LastSuspect {
 public:
  void store(const Suspect& suspect) {
    std::uint32_t before = version_.load();
    if ((before & 1) != 0 || !version_.compare_exchange_strong(before, before + 1)) return;
    suspect_ = suspect;
    version_.store(before + 2);
  }

  bool load(int signal, Suspect& suspect) const {
    const std::uint32_t before = version_.load();
    suspect = suspect_;
    std::atomic_thread_fence(std::memory_order_acquire);
    return (before & 1) == 0 && version_.load() == before && suspect.signal == signal;
  }

  // For a forked child, which has only one thread.
  void forget() {
    suspect_.signal = 0;
    version_.store(0);
  }

 private:
  std::atomic<std::uint32_t> version_{0};  // odd: being written
  Suspect suspect_{};
};

struct RecordedFault {
  std::atomic<int> tid{0};  // 0: none
  int signal = 0;
  std::uintptr_t instruction = 0;
  std::uintptr_t stack = 0;
};

constinit LastSuspect last_suspect;
constinit RecordedFault recorded;

// Returns whether the calling thread runs a handler for `signal`: a handler runs on the alternate
// stack or with its signal blocked, unless it requests neither.
bool is_handling(int signal) {
  stack_t stack{};
  KernelSignalSet blocked = 0;
  return (sys_sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_ONSTACK) != 0) ||
         (sys_rt_sigprocmask(SIG_BLOCK, nullptr, &blocked) == 0 &&
          (blocked & signal_bit(signal)) != 0);
}

// Returns what glibc says; false if it does not tell.
bool is_single_threaded() {
  char single = 0;
  const std::uintptr_t flag = sealed_state.agent.single_threaded;
  return flag != 0 && guarded_read(flag, single) && single != 0;
}

bool stands_there(const RecordedFault& fault, const Registers& registers) {
  return program_counter(registers) == fault.instruction && stack_pointer(registers) == fault.stack;
}

// Returns whether the thread with this context runs a handler for the recorded fault. If that
// handler was left by a jump, its frame is not found.
bool is_within(const RecordedFault& fault, const ucontext_t& context) {
  if (stands_there(fault, registers_of(context.uc_mcontext))) return true;
  const OriginalFault handled = find_original_fault(fault.signal, context);
  return handled && stands_there(fault, handled.registers);
}

}  // namespace

void note_reset_to_default(int signal) {
  if (!is_handling(signal)) {
    last_suspect.store({});
    recorded.tid.store(0);
    return;
  }
  const GuardScope guard;
  last_suspect.store({signal, own_identity(), find_fault_being_handled(signal)});
}

void note_sent_to_self(int signal) {
  Suspect known;
  const ThreadIdentity self = own_identity();
  if (!last_suspect.load(signal, known) || known.self.tid != self.tid) {
    last_suspect.store({signal, self, {}});
  }
}

bool is_sent_by_self(const siginfo_t& info) {
  return is_sent(info) && info.si_pid == own_pid();
}

// A signal that was sent to a thread is that thread's own, unless another thread has reset it.
Death find_death(const siginfo_t& info, const ucontext_t& context, const ThreadIdentity& self) {
  if (!is_sent_by_self(info)) return {self, {}};
  Suspect suspect;
  const bool suspected = last_suspect.load(info.si_signo, suspect);
  if (suspected && suspect.self.tid != self.tid && (suspect.original || info.si_code != SI_TKILL)) {
    return {suspect.self, suspect.original};
  }
  if (suspected || info.si_code == SI_TKILL || is_single_threaded()) {
    return {self, find_original_fault(info.si_signo, context)};
  }
  return {{self.pid}, {}};
}

void note_recorded(const siginfo_t& info, const ucontext_t& context) {
  recorded.signal = info.si_signo;
  recorded.instruction = program_counter(registers_of(context.uc_mcontext));
  recorded.stack = stack_pointer(registers_of(context.uc_mcontext));
  recorded.tid.store(own_tid());
}

// The fault itself repeats when the handler returns. The handler may instead have sent its signal,
// to any thread, or have called abort().
bool is_recorded(const siginfo_t& info, const ucontext_t& context) {
  const int tid = recorded.tid.load();
  if (tid == 0) return false;
  const bool is_own = tid == own_tid();
  if (is_hardware_fault(info)) {
    return is_own && stands_there(recorded, registers_of(context.uc_mcontext));
  }
  if (!is_sent_by_self(info)) return false;
  return info.si_signo == recorded.signal || (is_own && is_within(recorded, context));
}

void forget_handled_faults() {
  last_suspect.forget();
  recorded.tid.store(0);
}

}  // namespace pyfault
