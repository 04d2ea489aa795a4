#include "watchdog/crash/fault.h"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <span>

#include "watchdog/crash/registers.h"

namespace pyfault {
namespace {

// Exceptions of the processor, as the register `trapno` has them.
namespace trapno {
constexpr std::uint64_t kBreakpoint = 3;
constexpr std::uint64_t kStackSegment = 12;
constexpr std::uint64_t kGeneralProtection = 13;
constexpr std::uint64_t kPageFault = 14;
}  // namespace trapno

// Bits of a page fault's error code.
constexpr std::uint64_t kIsWrite = 2;
constexpr std::uint64_t kIsFetch = 16;

// No instruction accesses more than a vector of 64 bytes at an operand in memory. A fault address
// beyond the operand's own is that of the second of two pages.
constexpr std::uint64_t kWidestAccess = 64;

bool is_page_fault(const Signal& signal) {
  if (signal.number == SIGSEGV) return signal.code == SEGV_MAPERR || signal.code == SEGV_ACCERR;
  return signal.number == SIGBUS && signal.code == BUS_ADRERR;
}

bool is_general_protection(const Signal& signal, std::uint64_t trap) {
  if (signal.code != SI_KERNEL) return false;
  return (signal.number == SIGSEGV && trap == trapno::kGeneralProtection) ||
         (signal.number == SIGBUS && trap == trapno::kStackSegment);
}

FaultKind kind_of(const Signal& signal, std::uint64_t trap) {
  if (signal.code <= 0) return FaultKind::kOther;
  if (is_page_fault(signal)) return FaultKind::kPageFault;
  if (is_general_protection(signal, trap)) return FaultKind::kGeneralProtection;
  if (signal.number == SIGFPE && signal.code == FPE_INTDIV) return FaultKind::kDivision;
  if (signal.number == SIGILL) return FaultKind::kUndefinedInstruction;
  const bool is_breakpoint = signal.number == SIGTRAP && trap == trapno::kBreakpoint;
  return is_breakpoint ? FaultKind::kBreakpoint : FaultKind::kOther;
}

Access access_of(const std::vector<Register>& registers) {
  const auto error = value_of(registers, "err");
  if (!error || value_of(registers, "trapno") != trapno::kPageFault) return Access::kUnknown;
  if ((*error & kIsFetch) != 0) return Access::kExecute;
  return (*error & kIsWrite) != 0 ? Access::kWrite : Access::kRead;
}

}  // namespace

Fault::Fault(const Crash& crash)
    : crash_(crash), kind_(kind_of(crash.signal, value_of(crash.registers, "trapno").value_or(0))) {
  if (kind_ == FaultKind::kPageFault) {
    address_ = crash.signal.address;
    access_ = access_of(crash.registers);
    if (address_ && address_ == program_counter()) access_ = Access::kExecute;
  }
  instruction_ = X86Instruction::decode(code(SIZE_MAX));
}

std::optional<std::uint64_t> Fault::program_counter() const {
  return value_of(crash_.registers, "rip");
}

std::optional<std::uint64_t> Fault::stack_pointer() const {
  return value_of(crash_.registers, "rsp");
}

std::vector<std::uint8_t> Fault::code(std::size_t limit) const {
  if (!crash_.instruction) return {};
  const Instruction& around = *crash_.instruction;
  const std::uint64_t offset = around.address - around.bytes_address;
  if (around.address < around.bytes_address || offset >= around.bytes.size()) return {};
  const auto code = std::span(around.bytes).subspan(offset);
  const auto wanted = code.first(std::min(limit, code.size()));
  return {wanted.begin(), wanted.end()};
}

std::optional<MemoryOperand> Fault::operand() const {
  if (!instruction_ || !address_ || access_ == Access::kExecute) return std::nullopt;
  for (const MemoryOperand& operand : instruction_->memory_operands(crash_.registers)) {
    if (*address_ - operand.address < kWidestAccess) return operand;
  }
  return std::nullopt;
}

}  // namespace pyfault
