#include "agent/in_signal/original_fault.h"

#include <cstdint>
#include <cstring>

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

// The return address of a signal frame lies 8 bytes off a multiple of 16; its ucontext follows
// (arch/x86/include/asm/sigframe.h).
constexpr std::uintptr_t kAlignment = 16;
constexpr std::uintptr_t kPageMask = 4095;
constexpr std::size_t kContextHead = offsetof(ucontext_t, uc_mcontext) + sizeof(mcontext_t);

// x86 exception vectors, as in REG_TRAPNO.
enum Trap : greg_t { kDivide = 0, kInvalidOpcode = 6, kProtection = 13, kPageFault = 14 };

// mincore() fails for pages that are not mapped.
bool is_mapped(std::uintptr_t address) {
  unsigned char resident;
  return system_call(SYS_mincore, static_cast<long>(address & ~kPageMask), 1,
                     as_argument(&resident)) == 0;
}

// A signal frame contains the data of the thread's last trap, however old; 0 if there was none. A
// thread that was interrupted right after a system call has not faulted: its signal was sent.
bool stands_behind_system_call(const mcontext_t& machine) {
  constexpr std::uint16_t kSyscall = 0x050f;
  std::uint16_t before = 0;
  const auto rip = static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
  return guarded_read(rip - sizeof before, before) && before == kSyscall;
}

// div and idiv are F6 /6, F6 /7, F7 /6, F7 /7 after optional prefixes.
bool stands_at_division(const mcontext_t& machine) {
  std::uint8_t code[4] = {};
  guarded_copy(code, static_cast<std::uintptr_t>(machine.gregs[REG_RIP]), sizeof code);
  std::size_t at = 0;
  while (at < 2 && (code[at] == 0x66 || (code[at] & 0xf0) == 0x40)) ++at;
  return (code[at] & 0xfe) == 0xf6 && (code[at + 1] >> 3 & 7) >= 6;
}

// Returns the kernel's si_code for this trap; 0 if the trap cannot have caused the signal.
int code_of(int signal, const mcontext_t& machine) {
  const greg_t trap = machine.gregs[REG_TRAPNO];
  if (stands_behind_system_call(machine)) return 0;
  if (signal == SIGSEGV && trap == kProtection) return SI_KERNEL;
  if (signal == SIGSEGV && trap == kPageFault) {
    const auto address = static_cast<std::uintptr_t>(machine.gregs[REG_CR2]);
    return is_mapped(address) ? SEGV_ACCERR : SEGV_MAPERR;
  }
  if (signal == SIGBUS && trap == kPageFault) return BUS_ADRERR;
  if (signal == SIGFPE && trap == kDivide && stands_at_division(machine)) return FPE_INTDIV;
  if (signal == SIGILL && trap == kInvalidOpcode) return ILL_ILLOPN;
  return 0;
}

void* address_of(int signal, const mcontext_t& machine) {
  const greg_t address =
      signal == SIGSEGV || signal == SIGBUS ? machine.gregs[REG_CR2] : machine.gregs[REG_RIP];
  return reinterpret_cast<void*>(address);
}

// Copies the ucontext at `place`. Returns whether it is that of an earlier delivery to a thread
// with this alternate stack.
bool read_frame(std::uintptr_t place, const stack_t& signal_stack, ucontext_t& frame) {
  constexpr greg_t kUserCode = 0x33;  // the code segment of 64-bit programs
  return guarded_copy(&frame, place, kContextHead) && frame.uc_link == nullptr &&
         frame.uc_stack.ss_sp == signal_stack.ss_sp &&
         frame.uc_stack.ss_size == signal_stack.ss_size &&
         (frame.uc_mcontext.gregs[REG_CSGSFS] & 0xffff) == kUserCode;
}

// Searches from the top of the alternate stack down to `lowest_place`, if that lies on it; the
// first frame found is that of the first delivery.
bool find_on_signal_stack(const stack_t& signal_stack, std::uintptr_t lowest_place,
                          ucontext_t& frame) {
  const auto lowest = reinterpret_cast<std::uintptr_t>(signal_stack.ss_sp);
  const std::uintptr_t top = lowest + signal_stack.ss_size;
  if (lowest_place < lowest || lowest_place >= top) return false;
  std::uintptr_t place = (top - kContextHead) / kAlignment * kAlignment;
  for (; place > lowest_place; place -= kAlignment) {
    if (read_frame(place, signal_stack, frame)) return true;
  }
  return false;
}

// For a handler off the alternate stack: searches upwards from its current stack pointer.
bool find_on_program_stack(const stack_t& signal_stack, std::uintptr_t stack, ucontext_t& frame) {
  constexpr std::uintptr_t kFar = std::uintptr_t{16} << 10;
  std::uintptr_t place = (stack + kAlignment) / kAlignment * kAlignment;
  for (const std::uintptr_t end = place + kFar; place < end; place += kAlignment) {
    if (read_frame(place, signal_stack, frame)) return true;
  }
  return false;
}

OriginalFault describe(int signal, const mcontext_t& machine) {
  OriginalFault original{};
  const int code = code_of(signal, machine);
  if (code == 0) return original;
  original.info.si_signo = signal;
  original.info.si_code = code;
  original.info.si_addr = address_of(signal, machine);
  std::memcpy(original.registers, machine.gregs, sizeof original.registers);
  return original;
}

}  // namespace

// Most handlers block their own signal, so the repeated signal is delivered when the handler
// returns: `context` is then at the place of the fault itself.
OriginalFault find_original_fault(int signal, const ucontext_t& context) {
  const auto own = reinterpret_cast<std::uintptr_t>(&context);
  const auto stack = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
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
