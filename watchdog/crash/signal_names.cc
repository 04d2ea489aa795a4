#include "watchdog/crash/signal_names.h"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

namespace pyfault {
namespace {

constexpr int kAnySignal = 0;

struct Code {
  int signal;
  int code;
  std::string_view name;
  std::string_view meaning;
};

// A code is given by its number if glibc's headers may lack it.
constexpr Code kCodes[] = {
    {SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR", "address not mapped"},
    {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR", "access not permitted"},
    {SIGSEGV, SEGV_BNDERR, "SEGV_BNDERR", "bounds check failed"},
    {SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR", "access denied by a protection key"},
    {SIGSEGV, 10, "SEGV_CPERR", "control flow protection"},
    {SIGSEGV, SI_KERNEL, "SI_KERNEL", "general protection, often a non-canonical address"},
    {SIGBUS, BUS_ADRALN, "BUS_ADRALN", "misaligned address"},
    {SIGBUS, BUS_ADRERR, "BUS_ADRERR",
     "nothing behind the address, as past the end of a mapped file"},
    {SIGBUS, BUS_OBJERR, "BUS_OBJERR", "hardware error"},
    {SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR", "memory error, action required"},
    {SIGBUS, BUS_MCEERR_AO, "BUS_MCEERR_AO", "memory error, action optional"},
    {SIGFPE, FPE_INTDIV, "FPE_INTDIV", "integer division by zero, or its overflow"},
    {SIGFPE, FPE_INTOVF, "FPE_INTOVF", "integer overflow"},
    {SIGFPE, FPE_FLTDIV, "FPE_FLTDIV", "floating-point division by zero"},
    {SIGFPE, FPE_FLTOVF, "FPE_FLTOVF", "floating-point overflow"},
    {SIGFPE, FPE_FLTUND, "FPE_FLTUND", "floating-point underflow"},
    {SIGFPE, FPE_FLTRES, "FPE_FLTRES", "inexact floating-point result"},
    {SIGFPE, FPE_FLTINV, "FPE_FLTINV", "invalid floating-point operation"},
    {SIGFPE, FPE_FLTSUB, "FPE_FLTSUB", "subscript out of range"},
    {SIGILL, ILL_ILLOPC, "ILL_ILLOPC", "illegal opcode"},
    {SIGILL, ILL_ILLOPN, "ILL_ILLOPN", "illegal operand"},
    {SIGILL, ILL_ILLADR, "ILL_ILLADR", "illegal addressing mode"},
    {SIGILL, ILL_ILLTRP, "ILL_ILLTRP", "illegal trap"},
    {SIGILL, ILL_PRVOPC, "ILL_PRVOPC", "privileged opcode"},
    {SIGILL, ILL_PRVREG, "ILL_PRVREG", "privileged register"},
    {SIGILL, ILL_COPROC, "ILL_COPROC", "coprocessor error"},
    {SIGILL, ILL_BADSTK, "ILL_BADSTK", "internal stack error"},
    {SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT", "breakpoint"},
    {SIGTRAP, TRAP_TRACE, "TRAP_TRACE", "trace trap"},
    {SIGTRAP, 3, "TRAP_BRANCH", "branch trap"},
    {SIGTRAP, 4, "TRAP_HWBKPT", "hardware breakpoint or watchpoint"},
    {SIGTRAP, 6, "TRAP_PERF", "perf event"},
    {SIGSYS, 1, "SYS_SECCOMP", "system call forbidden by seccomp"},
    {SIGSYS, 2, "SYS_USER_DISPATCH", "system call dispatched to the program"},
    {SIGTRAP, SI_KERNEL, "SI_KERNEL", "breakpoint instruction"},
    {SIGXCPU, SI_KERNEL, "SI_KERNEL", "the limit on CPU time (RLIMIT_CPU) is reached"},
    {SIGQUIT, SI_KERNEL, "SI_KERNEL", "the quit key of the terminal"},
    {kAnySignal, SI_KERNEL, "SI_KERNEL", "raised by the kernel"},
    {kAnySignal, SI_USER, "SI_USER", ""},
    {kAnySignal, SI_QUEUE, "SI_QUEUE", ""},
    {kAnySignal, SI_TKILL, "SI_TKILL", ""},
    {kAnySignal, SI_TIMER, "SI_TIMER", "a timer ran out"},
    {kAnySignal, SI_MESGQ, "SI_MESGQ", "a message arrived in a queue"},
    {kAnySignal, SI_ASYNCIO, "SI_ASYNCIO", "asynchronous input or output ended"},
    {kAnySignal, SI_SIGIO, "SI_SIGIO", "input or output became possible"},
    {kAnySignal, SI_ASYNCNL, "SI_ASYNCNL", "a name lookup ended"},
};

const Code* find_code(int number, int code) {
  for (const Code& entry : kCodes) {
    const bool fits = entry.signal == number || entry.signal == kAnySignal;
    if (fits && entry.code == code) return &entry;
  }
  return nullptr;
}

}  // namespace

std::string signal_name(int number) {
  if (const char* abbreviation = sigabbrev_np(number)) return std::string("SIG") + abbreviation;
  if (number == SIGRTMIN) return "SIGRTMIN";
  if (number > SIGRTMIN && number <= SIGRTMAX) return fmt::format("SIGRTMIN+{}", number - SIGRTMIN);
  return fmt::format("signal {}", number);
}

std::string signal_code_name(int number, int code) {
  const Code* entry = find_code(number, code);
  return entry ? std::string(entry->name) : std::to_string(code);
}

std::string_view signal_code_meaning(int number, int code) {
  const Code* entry = find_code(number, code);
  return entry ? entry->meaning : std::string_view();
}

std::string signal_meaning(int number) {
  const char* meaning = sigdescr_np(number);
  return meaning ? meaning : signal_name(number);
}

}  // namespace pyfault
