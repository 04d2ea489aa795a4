// Interposes sigaction(), signal() and related functions. They hide the agent's own actions: a
// signal that the program has not touched appears at its default, and one that the program resets
// to its default is recorded again. A handler that the program installs replaces the agent's, is
// called after a dump (program_handler.h), or runs after the record (faulthandler.h).
//
// Context: that of the functions themselves, signal handlers included.
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "agent/hooks/faulthandler.h"
#include "agent/hooks/real_function.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/handled_fault.h"
#include "agent/in_signal/program_handler.h"
#include "agent/in_signal/signal_actions.h"

namespace pyfault {
namespace {

using SetAction = int (*)(int, const struct sigaction*, struct sigaction*);
using SetHandler = sighandler_t (*)(int, sighandler_t);

constinit RealFunction<SetAction> next_sigaction{"sigaction"};
constinit RealFunction<SetHandler> next_signal{"signal"};
constinit RealFunction<SetHandler> next_sysv_signal{"__sysv_signal"};
constinit RealFunction<SetHandler> next_sigset{"sigset"};
constinit RealFunction<int (*)(int)> next_sigignore{"sigignore"};
constinit RealFunction<int (*)(int, int)> next_siginterrupt{"siginterrupt"};

// Signals whose handlers, if set by signal(), interrupt system calls, as siginterrupt() requested.
constinit std::atomic<std::uint64_t> interrupting{0};

void translate(const KernelSigaction& action, struct sigaction& to) {
  to = {};
  to.sa_sigaction = action.handler;
  to.sa_flags = static_cast<int>(action.flags & ~kSaRestorer);
  std::memcpy(&to.sa_mask, &action.mask, sizeof action.mask);
}

KernelSigaction translated(const struct sigaction& action) {
  KernelSigaction to{};
  to.handler = action.sa_sigaction;
  to.flags = static_cast<unsigned long>(action.sa_flags);
  std::memcpy(&to.mask, &action.sa_mask, sizeof to.mask);
  return to;
}

// For a signal that is dumped before its handler runs, installs on_program_signal(), which calls
// the program's handler.
int set_action(int signal, const struct sigaction* action, struct sigaction* old) {
  if (action == nullptr || !dumps_before_handler(signal) || !is_function(action->sa_sigaction)) {
    return next_sigaction.get()(signal, action, old);
  }
  const struct sigaction wanted = *action;  // `old` may alias it
  struct sigaction before_it = wanted;
  before_it.sa_sigaction = &on_program_signal;
  before_it.sa_flags |= SA_SIGINFO;
  set_program_action(signal, translated(wanted));
  return next_sigaction.get()(signal, &before_it, old);
}

bool concerns_us(int signal) {
  return is_ours(signal) || dumps_before_handler(signal);
}

// Returns whether it is a handler that is to run only after the record (faulthandler.h).
bool runs_behind(int signal, const struct sigaction* action) {
  return action != nullptr && is_faulthandlers(signal, *action) && is_ours(signal) &&
         is_own_process();
}

// What the program has replaced, in its own view.
class Replaced {
 public:
  explicit Replaced(int signal)
      : behind_(is_ours(signal) ? previous_action_of(signal) : KernelSigaction{}),
        before_(dumps_before_handler(signal) ? program_action(signal) : behind_) {}

  void show(struct sigaction& old) const {
    if (is_our_handler(old.sa_sigaction)) {
      translate(behind_, old);
    } else if (old.sa_sigaction == &on_program_signal) {
      translate(before_, old);
    }
  }

 private:
  const KernelSigaction behind_;
  const KernelSigaction before_;
};

int change_ours_to_default(int signal, struct sigaction* old) {
  if (is_own_process()) note_reset_to_default(signal);
  const KernelSigaction replaced = reset_to_default(signal);
  if (old != nullptr) translate(replaced, *old);
  return 0;
}

// The handler runs as if it had been installed by the C library alone, but after the agent's. If
// there was none before it, it ends the process.
int set_behind_ours(int signal, const struct sigaction& action, struct sigaction& old,
                    const Replaced& replaced) {
  const struct sigaction wanted = action;  // `old` may alias it
  const int result = next_sigaction.get()(signal, &wanted, &old);
  if (result != 0) return result;
  struct sigaction seen = old;
  replaced.show(seen);
  const bool ends_process = seen.sa_handler == SIG_DFL || seen.sa_sigaction == wanted.sa_sigaction;
  if (!put_behind(signal, ends_process)) {
    note_new_action(signal, reinterpret_cast<const void*>(wanted.sa_sigaction));
  }
  return 0;
}

int set_in_front(int signal, const struct sigaction* action, struct sigaction* old) {
  const sighandler_t handler = action != nullptr ? action->sa_handler : SIG_DFL;
  const int result = set_action(signal, action, old);
  if (result == 0) note_new_action(signal, reinterpret_cast<const void*>(handler));
  return result;
}

int change_action(int signal, const struct sigaction* action, struct sigaction* old) {
  if (!concerns_us(signal)) return next_sigaction.get()(signal, action, old);
  const Replaced replaced(signal);
  struct sigaction unwanted {};
  int result = 0;
  if (is_ours(signal) && action != nullptr && action->sa_handler == SIG_DFL) {
    result = change_ours_to_default(signal, old);
  } else if (runs_behind(signal, action)) {
    result = set_behind_ours(signal, *action, old != nullptr ? *old : unwanted, replaced);
  } else {
    result = set_in_front(signal, action, old);
  }
  if (result == 0 && old != nullptr) replaced.show(*old);
  return result;
}

// `flags`: the sa_flags that the interposed function sets.
sighandler_t change_handler(int signal, sighandler_t handler, int flags) {
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  return change_action(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

sighandler_t change_bsd_handler(int signal, sighandler_t handler) {
  if (!concerns_us(signal)) return next_signal.get()(signal, handler);
  const bool interrupts = (interrupting.load(std::memory_order_relaxed) & signal_bit(signal)) != 0;
  return change_handler(signal, handler, interrupts ? 0 : SA_RESTART);
}

// The System V semantics, which <signal.h> also gives signal() if only ISO C or POSIX is requested.
sighandler_t change_sysv_handler(int signal, sighandler_t handler) {
  if (!concerns_us(signal)) return next_sysv_signal.get()(signal, handler);
  constexpr int kFlags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  return change_handler(signal, handler, kFlags);
}

// SIG_HOLD blocks the signal and keeps its action; any other handler also unblocks it.
sighandler_t change_held_handler(int signal, sighandler_t handler) {
  if (!concerns_us(signal)) return next_sigset.get()(signal, handler);
  const KernelSignalSet set = signal_bit(signal);
  KernelSignalSet blocked = 0;
  struct sigaction old {};
  const bool holds = handler == SIG_HOLD;
  if (holds && change_action(signal, nullptr, &old) != 0) return SIG_ERR;
  if (!holds) old.sa_handler = change_handler(signal, handler, 0);
  if (old.sa_handler == SIG_ERR ||
      sys_rt_sigprocmask(holds ? SIG_BLOCK : SIG_UNBLOCK, &set, &blocked) != 0) {
    return SIG_ERR;
  }
  return (blocked & set) != 0 ? SIG_HOLD : old.sa_handler;
}

int let_interrupt(int signal, bool interrupts) {
  if (!concerns_us(signal)) return next_siginterrupt.get()(signal, interrupts ? 1 : 0);
  if (interrupts) {
    interrupting.fetch_or(signal_bit(signal), std::memory_order_relaxed);
  } else {
    interrupting.fetch_and(~signal_bit(signal), std::memory_order_relaxed);
  }
  struct sigaction action {};
  if (change_action(signal, nullptr, &action) != 0) return -1;
  if (!is_function(action.sa_sigaction)) return 0;
  action.sa_flags = interrupts ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
  return change_action(signal, &action, nullptr);
}

int ignore(int signal) {
  if (!is_ours(signal)) return next_sigignore.get()(signal);
  return change_handler(signal, SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}

}  // namespace

void put_faulthandler_behind() {
  for (const int signal : kFaulthandlersSignals) {
    struct sigaction current {};
    if (change_action(signal, nullptr, &current) == 0 && runs_behind(signal, &current)) {
      change_action(signal, &current, nullptr);
    }
  }
}

void find_next_actions() {
  next_sigaction.get();
  next_signal.get();
  next_sysv_signal.get();
  next_sigset.get();
  next_sigignore.get();
  next_siginterrupt.get();
}

}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] int sigaction(int signal, const struct sigaction* action,
                                                        struct sigaction* old) noexcept {
  return pyfault::change_action(signal, action, old);
}

extern "C" [[gnu::visibility("default")]] sighandler_t signal(int signal,
                                                              sighandler_t handler) noexcept {
  return pyfault::change_bsd_handler(signal, handler);
}

extern "C" [[gnu::visibility("default")]] sighandler_t bsd_signal(int signal,
                                                                  sighandler_t handler) noexcept {
  return pyfault::change_bsd_handler(signal, handler);
}

extern "C" [[gnu::visibility("default")]] sighandler_t ssignal(int signal,
                                                               sighandler_t handler) noexcept {
  return pyfault::change_bsd_handler(signal, handler);
}

extern "C" [[gnu::visibility("default")]] sighandler_t sysv_signal(int signal,
                                                                   sighandler_t handler) noexcept {
  return pyfault::change_sysv_handler(signal, handler);
}

extern "C" [[gnu::visibility("default")]] sighandler_t sigset(int signal,
                                                              sighandler_t handler) noexcept {
  return pyfault::change_held_handler(signal, handler);
}

extern "C" [[gnu::visibility("default")]] int sigignore(int signal) noexcept {
  return pyfault::ignore(signal);
}

extern "C" [[gnu::visibility("default")]] int siginterrupt(int signal, int interrupts) noexcept {
  return pyfault::let_interrupt(signal, interrupts != 0);
}

// Other names of these functions.
// NOLINTBEGIN(*-reserved-identifier,*-identifier-naming): the names are glibc's.
extern "C" [[gnu::visibility("default")]] int __sigaction(int signal,
                                                          const struct sigaction* action,
                                                          struct sigaction* old) noexcept {
  return pyfault::change_action(signal, action, old);
}

extern "C" [[gnu::visibility("default")]] sighandler_t __sysv_signal(
    int signal, sighandler_t handler) noexcept {
  return pyfault::change_sysv_handler(signal, handler);
}
// NOLINTEND(*-reserved-identifier,*-identifier-naming)
