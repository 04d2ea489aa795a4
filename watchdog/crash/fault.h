// What the processor and the kernel report about a hardware fault: signal, registers and
// instruction read together. What is left from an earlier fault of the thread, or was set by hand,
// is no fault.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/crash/crash.h"
#include "watchdog/crash/x86_instruction.h"

namespace pyfault {

enum class FaultKind {
  kOther,
  kPageFault,          // of an address that is not mapped, or not for this access
  kGeneralProtection,  // the processor refused an instruction or its operands
  kDivision,
  kUndefinedInstruction,
  kBreakpoint,
};

enum class Access { kUnknown, kRead, kWrite, kExecute };

class Fault {
 public:
  explicit Fault(const Crash& crash);

  FaultKind kind() const { return kind_; }
  Access access() const { return access_; }
  // Of a page fault only.
  std::optional<std::uint64_t> address() const { return address_; }
  std::optional<std::uint64_t> program_counter() const;
  std::optional<std::uint64_t> stack_pointer() const;
  const std::vector<Register>& registers() const { return crash_.registers; }
  // nullopt: its bytes are unknown, or say nothing.
  const std::optional<X86Instruction>& instruction() const { return instruction_; }
  // Returns at most `limit` of the bytes from the program counter on.
  std::vector<std::uint8_t> code(std::size_t limit) const;

  // The operand in memory that led to the fault address.
  std::optional<MemoryOperand> operand() const;

 private:
  const Crash& crash_;
  FaultKind kind_ = FaultKind::kOther;
  Access access_ = Access::kUnknown;
  std::optional<std::uint64_t> address_;
  std::optional<X86Instruction> instruction_;
};

// Whether the processor can use it as an address at all (with page tables of four levels).
constexpr bool is_canonical(std::uint64_t address) {
  constexpr std::uint64_t kUpper = 0xffff'8000'0000'0000;
  return (address & kUpper) == 0 || (address & kUpper) == kUpper;
}

}  // namespace pyfault
