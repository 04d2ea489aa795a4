#include "agent/in_signal/original_fault.h"

#include <cstdint>
#include <cstring>

#include "agent/arch/instructions.h"
#include "agent/arch/processor.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

// mincore() fails for pages that are not mapped.
bool is_mapped(std::uintptr_t address) {
  unsigned char resident;
  return system_call(SYS_mincore, static_cast<long>(address / kPageSize * kPageSize), 1,
                     as_argument(&resident)) == 0;
}

NearbyCode read_code_near(std::uintptr_t address) {
  NearbyCode code{};
  guarded_copy(code.before, address - sizeof code.before, sizeof code.before);
  guarded_copy(code.at, address, sizeof code.at);
  return code;
}

// Copies the ucontext at `place`. Returns whether it is that of an earlier delivery to a thread
// with this alternate stack.
bool read_frame(std::uintptr_t place, const stack_t& signal_stack, ucontext_t& frame) {
  return guarded_copy(&frame, place, kContextBytes) && frame.uc_link == nullptr &&
         frame.uc_stack.ss_sp == signal_stack.ss_sp &&
         frame.uc_stack.ss_size == signal_stack.ss_size && is_of_program(frame.uc_mcontext);
}

// Searches from the top of the alternate stack down to `lowest_place`, if that lies on it; the
// first frame found is that of the first delivery.
bool find_on_signal_stack(const stack_t& signal_stack, std::uintptr_t lowest_place,
                          ucontext_t& frame) {
  const auto lowest = reinterpret_cast<std::uintptr_t>(signal_stack.ss_sp);
  const std::uintptr_t top = lowest + signal_stack.ss_size;
  if (lowest_place < lowest || lowest_place >= top) return false;
  std::uintptr_t place = (top - kContextBytes) / kContextAlignment * kContextAlignment;
  for (; place > lowest_place; place -= kContextAlignment) {
    if (read_frame(place, signal_stack, frame)) return true;
  }
  return false;
}

// For a handler off the alternate stack: searches upwards from its current stack pointer.
bool find_on_program_stack(const stack_t& signal_stack, std::uintptr_t stack, ucontext_t& frame) {
  constexpr std::uintptr_t kFar = std::uintptr_t{16} << 10;
  std::uintptr_t place = (stack + kContextAlignment) / kContextAlignment * kContextAlignment;
  for (const std::uintptr_t end = place + kFar; place < end; place += kContextAlignment) {
    if (read_frame(place, signal_stack, frame)) return true;
  }
  return false;
}

OriginalFault describe(int signal, const mcontext_t& machine) {
  OriginalFault original{};
  const Registers& registers = registers_of(machine);
  const Trap trap = find_trap(signal, machine, read_code_near(program_counter(registers)));
  if (trap.code == 0) return original;
  const bool is_protected =
      signal == SIGSEGV && trap.code == SEGV_MAPERR && is_mapped(trap.address);
  original.info.si_signo = signal;
  original.info.si_code = is_protected ? SEGV_ACCERR : trap.code;
  original.info.si_addr = reinterpret_cast<void*>(trap.address);
  std::memcpy(&original.registers, &registers, sizeof registers);
  return original;
}

}  // namespace

// Most handlers block their own signal, so the repeated signal is delivered when the handler
// returns: `context` is then at the place of the fault itself.
OriginalFault find_original_fault(int signal, const ucontext_t& context) {
  const auto own = reinterpret_cast<std::uintptr_t>(&context);
  const auto stack = stack_pointer(registers_of(context.uc_mcontext));
  ucontext_t frame;
  if (find_on_signal_stack(context.uc_stack, own, frame)) {
    return describe(signal, frame.uc_mcontext);
  }
  const OriginalFault here = describe(signal, context.uc_mcontext);
  if (here || !find_on_program_stack(context.uc_stack, stack, frame)) return here;
  return describe(signal, frame.uc_mcontext);
}

OriginalFault find_fault_being_handled(int signal) {
  const auto stack = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  stack_t signal_stack{};
  ucontext_t frame;
  if (sys_sigaltstack(nullptr, &signal_stack) != 0) return {};
  const bool found = (signal_stack.ss_flags & SS_ONSTACK) != 0
                         ? find_on_signal_stack(signal_stack, stack, frame)
                         : find_on_program_stack(signal_stack, stack, frame);
  return found ? describe(signal, frame.uc_mcontext) : OriginalFault{};
}

}  // namespace pyfault
