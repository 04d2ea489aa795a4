// sigaction() and signal() of a watched program. Our actions do not show in them: a signal that the
// program has not touched is at its default, and one that it gives back to its default is recorded
// again. A handler of its own takes our place, as it asks.
//
// Context: as the functions themselves, signal handlers included.
#include <signal.h>

#include <cstring>

#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/signal_actions.h"
#include "agent/next_function.h"

namespace pyfault {
namespace {

constinit NextFunction<int (*)(int, const struct sigaction*, struct sigaction*)> next_sigaction{
    "sigaction"};
constinit NextFunction<sighandler_t (*)(int, sighandler_t)> next_signal{"signal"};

void translate(const KernelSigaction& action, struct sigaction& to) {
  to = {};
  to.sa_sigaction = action.handler;
  to.sa_flags = static_cast<int>(action.flags & ~kSaRestorer);
  std::memcpy(&to.sa_mask, &action.mask, sizeof action.mask);
}

int change_action(int signal, const struct sigaction* action, struct sigaction* old) {
  if (!is_ours(signal)) return next_sigaction.get()(signal, action, old);
  const KernelSigaction behind = action_behind_ours(signal);
  int result = 0;
  if (action != nullptr && action->sa_handler == SIG_DFL) {
    const KernelSigaction replaced = leave_to_default(signal);
    if (old != nullptr) translate(replaced, *old);
  } else {
    result = next_sigaction.get()(signal, action, old);
    if (action != nullptr && action->sa_handler != SIG_IGN) note_replaced_handler(signal);
  }
  if (result == 0 && old != nullptr && is_our_handler(old->sa_sigaction)) translate(behind, *old);
  return result;
}

// With the flags that signal() of glibc gives.
sighandler_t change_handler(int signal, sighandler_t handler) {
  if (!is_ours(signal)) return next_signal.get()(signal, handler);
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  return change_action(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

}  // namespace

void find_next_actions() {
  next_sigaction.get();
  next_signal.get();
}

}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] int sigaction(int signal, const struct sigaction* action,
                                                        struct sigaction* old) noexcept {
  return pyfault::change_action(signal, action, old);
}

extern "C" [[gnu::visibility("default")]] sighandler_t signal(int signal,
                                                              sighandler_t handler) noexcept {
  return pyfault::change_handler(signal, handler);
}
