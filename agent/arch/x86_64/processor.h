// x86-64. See agent/arch/processor.h.
#pragma once

#include <elf.h>
#include <linux/audit.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>

#include <cstddef>
#include <cstdint>

// Binds a function of the C library by the first version that glibc gave it.
#define PYFAULT_FIRST_VERSION(function) asm(".symver " #function ", " #function "@GLIBC_2.2.5")

namespace pyfault {

// The size of a page, or the largest that the kernel may be built for.
inline constexpr std::size_t kPageSize = 4096;

// Addresses of programs are below this one.
inline constexpr std::uintptr_t kUserEnd = std::uintptr_t{1} << 47;

// The processor in a seccomp_data.
inline constexpr std::uint32_t kAuditArchitecture = AUDIT_ARCH_X86_64;

// The relocations of slots that calls go through, and of those that hold a function's address.
inline constexpr std::uint32_t kCallRelocation = R_X86_64_JUMP_SLOT;
inline constexpr std::uint32_t kAddressRelocation = R_X86_64_GLOB_DAT;

// System calls.

inline long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = 0;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// Of the calls that the agent makes, only poll() has another number and other arguments on some
// processors (ppoll).
inline constexpr long kPollNumber = SYS_poll;
inline long sys_poll(pollfd* fds, unsigned count, int timeout_ms) {
  return system_call(kPollNumber, reinterpret_cast<long>(fds), count, timeout_ms);
}

// The kernel's own signal set: 64 bits, signal n is bit n - 1.
using KernelSignalSet = std::uint64_t;

struct KernelSigaction {
  void (*handler)(int, siginfo_t*, void*);  // or SIG_DFL, SIG_IGN
  unsigned long flags;
  void (*restorer)();
  KernelSignalSet mask;
};

// A flag of the kernel's ABI that programs do not see; 0 if there is none.
inline constexpr unsigned long kSaRestorer = 0x04000000;

// Where a handler that was installed without libc returns to; makes the rt_sigreturn system call.
extern "C" void pyfault_signal_restorer();

// Returns an action that can be installed without libc.
inline KernelSigaction make_action(void (*handler)(int, siginfo_t*, void*), unsigned long flags,
                                   KernelSignalSet mask) {
  return {handler, flags | kSaRestorer, &pyfault_signal_restorer, mask};
}

// Returns whether a handler with this return address was called by the kernel, for an action of
// make_action().
inline bool is_called_by_kernel(const void* return_address) {
  return return_address == reinterpret_cast<const void*>(&pyfault_signal_restorer);
}

// Threads.

// Returns the address of the thread control block, which glibc also uses as pthread_t.
inline std::uintptr_t thread_pointer() {
  std::uintptr_t self;
  asm("mov %%fs:0, %0" : "=r"(self));
  return self;
}

// Where glibc keeps the native id in its struct pthread.
inline constexpr std::uint16_t kPthreadTid = 720;

// The memory around a pthread_t that holds the thread-local variables of the interpreter, and
// struct pthread with the values of the first pthread keys.
inline constexpr std::uintptr_t kThreadStorageBelow = 8192;
inline constexpr std::uintptr_t kThreadStorageAbove = 1280;

// The memory below the stack pointer that a function may use (the red zone of the ABI).
inline constexpr std::uintptr_t kRedZone = 128;

// Registers and signal frames.

using Registers = gregset_t;  // as in FaultSection (shared/record.h)

inline const Registers& registers_of(const mcontext_t& machine) {
  return machine.gregs;
}
inline std::uintptr_t program_counter(const Registers& registers) {
  return static_cast<std::uintptr_t>(registers[REG_RIP]);
}
inline std::uintptr_t stack_pointer(const Registers& registers) {
  return static_cast<std::uintptr_t>(registers[REG_RSP]);
}
inline void set_program_counter(mcontext_t& machine, std::uintptr_t address) {
  machine.gregs[REG_RIP] = static_cast<greg_t>(address);
}
inline void set_stack_pointer(mcontext_t& machine, std::uintptr_t address) {
  machine.gregs[REG_RSP] = static_cast<greg_t>(address);
}

// Sets what it takes to unwind the stack from here: the program counter, the stack pointer, and the
// registers that a function keeps for its caller. The function that calls this must not return
// before the stack has been copied.
[[gnu::always_inline]] inline void save_registers(Registers& registers) {
  asm volatile(
      "leaq 0(%%rip), %%rax\n\t"
      "movq %%rax, %0\n\t"
      "movq %%rsp, %1\n\t"
      "movq %%rbp, %2\n\t"
      "movq %%rbx, %3\n\t"
      "movq %%r12, %4\n\t"
      "movq %%r13, %5\n\t"
      "movq %%r14, %6\n\t"
      "movq %%r15, %7"
      : "=m"(registers[REG_RIP]), "=m"(registers[REG_RSP]), "=m"(registers[REG_RBP]),
        "=m"(registers[REG_RBX]), "=m"(registers[REG_R12]), "=m"(registers[REG_R13]),
        "=m"(registers[REG_R14]), "=m"(registers[REG_R15])
      :
      : "rax");
}

// Unwinding: the registers that a function may find its caller's values of, by their numbers in
// DWARF (the ABI's "DWARF Register Number Mapping"), and the return address as the last one.

inline constexpr unsigned kUnwindColumns = 17;
inline constexpr unsigned kStackColumn = 7;
inline constexpr unsigned kReturnColumn = 16;

struct UnwindRegisters {
  std::uintptr_t values[kUnwindColumns];
};

inline UnwindRegisters unwind_registers(const Registers& registers) {
  constexpr int kRegisters[kUnwindColumns] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                              REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                              REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  UnwindRegisters unwound;
  for (unsigned column = 0; column < kUnwindColumns; ++column) {
    unwound.values[column] = static_cast<std::uintptr_t>(registers[kRegisters[column]]);
  }
  return unwound;
}

// Returns from a function of which nothing has run yet. `read(address, word)` reads memory.
template <class Read>
bool leave_called(UnwindRegisters& registers, Read read) {
  std::uintptr_t& stack = registers.values[kStackColumn];
  if (!read(stack, registers.values[kReturnColumn])) return false;
  stack += sizeof stack;
  return true;
}

// Where a call instruction has left the return address, seen from the function that it is in.
inline std::uintptr_t return_address_place(const UnwindRegisters& caller) {
  return caller.values[kStackColumn] - sizeof(std::uintptr_t);
}

// Makes the context one that has just called `function`, from the place in `caller` at which
// another call is to return.
inline void set_call(mcontext_t& machine, const UnwindRegisters& caller, std::uintptr_t function,
                     std::uintptr_t argument) {
  constexpr greg_t kTrapFlag = 0x100, kDirectionFlag = 0x400;
  const auto value = [&](unsigned column) { return static_cast<greg_t>(caller.values[column]); };
  machine.gregs[REG_RBX] = value(3);
  machine.gregs[REG_RBP] = value(6);
  machine.gregs[REG_R12] = value(12);
  machine.gregs[REG_R13] = value(13);
  machine.gregs[REG_R14] = value(14);
  machine.gregs[REG_R15] = value(15);
  machine.gregs[REG_RSP] = static_cast<greg_t>(return_address_place(caller));
  machine.gregs[REG_RIP] = static_cast<greg_t>(function);
  machine.gregs[REG_RDI] = static_cast<greg_t>(argument);
  machine.gregs[REG_EFL] &= ~(kTrapFlag | kDirectionFlag);
}

// The modes of floating-point arithmetic, which a function keeps for its caller.
struct FloatModes {
  std::uint32_t vector;
  std::uint16_t stack;
};
inline FloatModes float_modes() {
  FloatModes modes;
  asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(modes.vector), "=m"(modes.stack));
  return modes;
}
// Also empties the stack of floating-point registers and clears pending exceptions.
inline void set_float_modes(const FloatModes& modes) {
  asm volatile("fninit\n\tldmxcsr %0\n\tfldcw %1" : : "m"(modes.vector), "m"(modes.stack));
}

// Returns whether the kernel has interrupted 64-bit code of a program.
inline bool is_of_program(const mcontext_t& machine) {
  constexpr greg_t kUserCode = 0x33;  // the code segment of 64-bit programs
  return (machine.gregs[REG_CSGSFS] & 0xffff) == kUserCode;
}

// Returns whether the kernel has called the handler that has this context and this canonical frame
// address: its signal frame is a return address and the context. A handler of the program may call
// another with any other context.
inline bool is_context_of_handler(const void* context, const void* frame_address) {
  return context == frame_address;
}

// The alignment of the ucontext_t in a signal frame. The return address in front of it lies 8 bytes
// off a multiple of 16 (arch/x86/include/asm/sigframe.h).
inline constexpr std::uintptr_t kContextAlignment = 16;
// The part of it that holds everything that is declared here.
inline constexpr std::size_t kContextBytes = offsetof(ucontext_t, uc_mcontext) + sizeof(mcontext_t);

// Instructions; see agent/arch/instructions.h.

inline constexpr std::size_t kSystemCallBytes = 2;  // the length of a system call
inline constexpr std::size_t kTrapBytes = 4;    // these bytes tell whether an instruction can trap
inline constexpr std::size_t kLongestCall = 7;  // in bytes
// An instruction that compares the result of a call with null.
inline constexpr std::size_t kNullTestBytes = 3;
inline constexpr std::size_t kJumpSlotBytes = 11;  // of a stub that calls another module's function

}  // namespace pyfault
