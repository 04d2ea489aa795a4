// Interposes prctl(). Context: that of the function itself, signal handlers included.
#include "agent/hooks/seccomp.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "agent/hooks/real_function.h"
#include "agent/in_signal/watchdog_link.h"
#include "agent/seccomp_filter.h"

namespace pyfault {
namespace {

constinit RealFunction<int (*)(int, unsigned long, unsigned long, unsigned long, unsigned long)>
    next_prctl{"prctl"};

}  // namespace

void note_filter(unsigned long filter) {
  note_sandbox(forbidden_by(*reinterpret_cast<const sock_fprog*>(filter)));
}

void note_strict_sandbox() {
  note_sandbox({true, true});
}

void find_next_sandboxes() {
  next_prctl.get();
}

}  // namespace pyfault

using namespace pyfault;

// Reads all arguments that may have been passed, as glibc does.
extern "C" [[gnu::visibility("default")]] int prctl(int option, ...) {
  __builtin_va_list rest;
  __builtin_va_start(rest, option);
  unsigned long arguments[4];
  for (unsigned long& argument : arguments) argument = __builtin_va_arg(rest, unsigned long);
  __builtin_va_end(rest);
  const int result =
      next_prctl.get()(option, arguments[0], arguments[1], arguments[2], arguments[3]);
  if (option == PR_SET_SECCOMP && result == 0) {
    arguments[0] == SECCOMP_MODE_FILTER ? note_filter(arguments[1]) : note_strict_sandbox();
  }
  return result;
}
