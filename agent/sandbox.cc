// prctl() of a watched program, and syscall(): one that puts itself into a seccomp sandbox may be
// killed for a system call which it has not foreseen, and its crash handler must know.
//
// Context: as the functions themselves, signal handlers included.
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "agent/in_signal/watchdog_link.h"
#include "agent/next_function.h"
#include "agent/seccomp_filter.h"

namespace pyfault {
namespace {

constinit NextFunction<int (*)(int, unsigned long, unsigned long, unsigned long, unsigned long)>
    next_prctl{"prctl"};
constinit NextFunction<long (*)(long, long, long, long, long, long, long)> next_syscall{"syscall"};

// The kernel has just taken it, so that it can be read.
void note_filter(unsigned long filter) {
  note_sandbox(forbidden_by(*reinterpret_cast<const sock_fprog*>(filter)));
}

void note_strict() {
  note_sandbox({true, true});
}

}  // namespace

void find_next_sandboxes() {
  next_prctl.get();
  next_syscall.get();
}

}  // namespace pyfault

using namespace pyfault;

// Both take what may be there, as the C library does.
extern "C" [[gnu::visibility("default")]] int prctl(int option, ...) {
  __builtin_va_list rest;
  __builtin_va_start(rest, option);
  unsigned long arguments[4];
  for (unsigned long& argument : arguments) argument = __builtin_va_arg(rest, unsigned long);
  __builtin_va_end(rest);
  const int result =
      next_prctl.get()(option, arguments[0], arguments[1], arguments[2], arguments[3]);
  if (option == PR_SET_SECCOMP && result == 0) {
    arguments[0] == SECCOMP_MODE_FILTER ? note_filter(arguments[1]) : note_strict();
  }
  return result;
}

extern "C" [[gnu::visibility("default")]] long syscall(long number, ...) {
  __builtin_va_list rest;
  __builtin_va_start(rest, number);
  long arguments[6];
  for (long& argument : arguments) argument = __builtin_va_arg(rest, long);
  __builtin_va_end(rest);
  const long result = next_syscall.get()(number, arguments[0], arguments[1], arguments[2],
                                         arguments[3], arguments[4], arguments[5]);
  if (number == SYS_seccomp && result >= 0) {
    if (arguments[0] == SECCOMP_SET_MODE_STRICT) note_strict();
    if (arguments[0] == SECCOMP_SET_MODE_FILTER) {
      note_filter(static_cast<unsigned long>(arguments[2]));
    }
  }
  return result;
}
