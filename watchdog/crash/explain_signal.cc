#include "watchdog/crash/explain_signal.h"

#include <fmt/format.h>

#include <csignal>

#include "watchdog/crash/signal_names.h"

namespace pyfault {
namespace {

// An ordinary program never maps the first page: an address in it is a null pointer plus the offset
// of a member.
constexpr std::uint64_t kNullPage = 4096;

bool has_address(const FaultSection& fault) {
  if (fault.code <= 0 || fault.code == SI_KERNEL) return false;
  switch (fault.signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
      return true;
    default:
      return false;
  }
}

bool has_sender(const FaultSection& fault) {
  const bool by_process = fault.code == SI_USER || fault.code == SI_TKILL || fault.code == SI_QUEUE;
  return by_process && fault.sender_pid >= 0;
}

std::string describe_sender(const FaultSection& fault) {
  if (fault.sender_pid == fault.pid) return "raised by the process itself";
  // The kernel gives 0 for a sender outside the receiver's pid namespace.
  if (fault.sender_pid == 0) {
    return fmt::format("sent from outside the pid namespace (uid {})", fault.sender_uid);
  }
  return fmt::format("sent by process {} (uid {})", fault.sender_pid, fault.sender_uid);
}

std::string describe_cause(const FaultSection& fault) {
  if (has_sender(fault)) return describe_sender(fault);
  std::string cause(signal_code_meaning(fault.signal, fault.code));
  const bool null_pointer = fault.signal == SIGSEGV && fault.code != SEGV_ACCERR &&
                            has_address(fault) && fault.address < kNullPage;
  if (null_pointer) cause += cause.empty() ? "null pointer" : " (null pointer)";
  return cause;
}

std::string describe(const FaultSection& fault) {
  const std::string cause = describe_cause(fault);
  const std::string meaning = signal_meaning(fault.signal);
  return cause.empty() ? meaning : fmt::format("{}: {}", meaning, cause);
}

}  // namespace

Signal explain_signal(const FaultSection& fault) {
  Signal signal;
  signal.number = fault.signal;
  signal.name = signal_name(fault.signal);
  signal.code = fault.code;
  signal.code_name = signal_code_name(fault.signal, fault.code);
  if (has_address(fault)) signal.address = fault.address;
  if (has_sender(fault)) {
    signal.sender_pid = fault.sender_pid;
    signal.sender_uid = fault.sender_uid;
  }
  signal.description = describe(fault);
  return signal;
}

}  // namespace pyfault
