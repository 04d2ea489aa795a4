// Interposes syscall(), with which a program bypasses other functions that the agent interposes.
//
// Context: that of the function itself, signal handlers included.
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "agent/hooks/kill.h"
#include "agent/hooks/real_function.h"
#include "agent/hooks/seccomp.h"
#include "agent/hooks/stdio.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constinit RealFunction<long (*)(long, long, long, long, long, long, long)> next_syscall{"syscall"};

void note_before(long number, const long (&arguments)[6]) {
  const auto pid = static_cast<pid_t>(arguments[0]);
  const auto signal = static_cast<int>(arguments[1]);
  if (number == SYS_kill || number == SYS_rt_sigqueueinfo) note_sent_signal(pid, signal);
  if (number == SYS_pidfd_send_signal) note_sent_signal(0, signal);  // may be its own pidfd
}

// The kernel has just accepted the arguments, so the memory that they point to can be read.
void note_after(long number, const long (&arguments)[6]) {
  if (number == SYS_seccomp && arguments[0] == SECCOMP_SET_MODE_STRICT) note_strict_sandbox();
  if (number == SYS_seccomp && arguments[0] == SECCOMP_SET_MODE_FILTER) {
    note_filter(static_cast<unsigned long>(arguments[2]));
  }
  const auto* action = reinterpret_cast<const KernelSigaction*>(arguments[1]);
  if (number == SYS_rt_sigaction && action != nullptr) {
    note_new_action(static_cast<int>(arguments[0]), reinterpret_cast<const void*>(action->handler));
  }
}

}  // namespace

void find_next_syscall() {
  next_syscall.get();
}

}  // namespace pyfault

using namespace pyfault;

// Reads all arguments that may have been passed, as glibc does.
extern "C" [[gnu::visibility("default")]] long syscall(long number, ...) {
  __builtin_va_list rest;
  __builtin_va_start(rest, number);
  long arguments[6];
  for (long& argument : arguments) argument = __builtin_va_arg(rest, long);
  __builtin_va_end(rest);
  note_before(number, arguments);
  const long result = next_syscall.get()(number, arguments[0], arguments[1], arguments[2],
                                         arguments[3], arguments[4], arguments[5]);
  if (number == SYS_write) {
    note_written(static_cast<int>(arguments[0]), reinterpret_cast<const void*>(arguments[1]),
                 static_cast<std::size_t>(arguments[2]), result);
  }
  if (result >= 0) note_after(number, arguments);
  return result;
}
