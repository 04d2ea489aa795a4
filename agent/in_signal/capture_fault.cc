#include "agent/in_signal/capture_fault.h"

#include <cstring>

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/signal_actions.h"

namespace pyfault {
namespace {

void describe_signal(const siginfo_t& info, FaultSection& section) {
  section.signal = info.si_signo;
  section.code = info.si_code;
  section.error_number = info.si_errno;
  if (is_sent(info)) {
    section.sender_pid = info.si_pid;
    section.sender_uid = info.si_uid;
  } else {
    section.address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  }
}

Known read_flag(std::uintptr_t address) {
  std::int32_t value = 0;
  if (!guarded_read(address, value)) return Known::kUnknown;
  return value != 0 ? Known::kYes : Known::kNo;
}

Known finalizing(const PythonRuntimeView& python) {
  std::uintptr_t thread = 0;
  if (!guarded_read(python.runtime + python.layout.runtime.finalizing, thread)) {
    return Known::kUnknown;
  }
  return thread != 0 ? Known::kYes : Known::kNo;
}

Known collecting_garbage(const PythonRuntimeView& python, std::uintptr_t interpreter) {
  if (python.layout.runtime.gc_collecting != kAbsent) {
    return read_flag(python.runtime + python.layout.runtime.gc_collecting);
  }
  if (interpreter == 0) return Known::kUnknown;
  return read_flag(interpreter + python.layout.interpreter.gc_collecting);
}

}  // namespace

void capture_fault(SlotWriter& slot, const Fault& fault, const ThreadIdentity& self) {
  FaultSection section{};
  section.header = {SectionTag::kFault, kSectionVersion, sizeof section};
  section.kind = fault.kind;
  section.pid = self.pid;
  section.tid = self.tid;
  section.realtime_ns = clock_ns(CLOCK_REALTIME);
  section.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  if (fault.info != nullptr) describe_signal(*fault.info, section);
  if (fault.registers != nullptr) {
    static_assert(sizeof *fault.registers == sizeof section.registers);
    std::memcpy(section.registers, *fault.registers, sizeof section.registers);
  }
  if (slot.append(&section, sizeof section)) slot.commit();
}

void capture_runtime(Capture& capture, const ThreadIdentity& self,
                     std::uintptr_t faulting_interpreter, bool fatal) {
  const PythonRuntimeView& python = capture.python;
  RuntimeSection section{{SectionTag::kRuntime, kSectionVersion, sizeof section},
                         python.version_hex,
                         python.layout.free_threaded ? Known::kYes : Known::kNo,
                         finalizing(python),
                         collecting_garbage(python, faulting_interpreter),
                         fatal ? Known::kYes : Known::kNo,
                         self.thread_pointer,
                         {},
                         Known::kNo,
                         {}};
  if (python.hash_secret != 0 && guarded_read(python.hash_secret, section.hash_key)) {
    section.has_hash_key = Known::kYes;
  }
  if (capture.slot.append(&section, sizeof section)) capture.slot.commit();
}

}  // namespace pyfault
