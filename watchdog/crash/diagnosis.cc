#include "watchdog/crash/diagnosis.h"

#include <fmt/format.h>

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/crash/abort_reason.h"
#include "watchdog/crash/address_words.h"
#include "watchdog/crash/fault.h"
#include "watchdog/crash/memory_fault.h"
#include "watchdog/crash/recursion.h"
#include "watchdog/crash/registers.h"

namespace pyfault {
namespace {

constexpr std::size_t kShownBytes = 8;

// ` (as text, "AAAAAAAA")` if all bytes of the address are printable: it was overwritten by text.
std::string as_text(std::uint64_t address) {
  std::string text;
  for (int shift = 0; shift < 64; shift += 8) {
    const auto byte = static_cast<unsigned char>(address >> shift & 0xff);
    if (byte < ' ' || byte > '~') return "";
    text += static_cast<char>(byte);
  }
  return fmt::format(" (as text, \"{}\")", text);
}

std::string no_address(std::uint64_t address) {
  return fmt::format("{:#x}{}, which cannot be an address", address, as_text(address));
}

// Registers often hold numbers that are no addresses, so one that was not used explains nothing.
std::string registers_without_address(const Fault& fault) {
  std::vector<std::string> names;
  for (const Register& candidate : fault.registers()) {
    if (is_general(candidate.name) && !is_canonical(candidate.value))
      names.push_back(candidate.name);
  }
  if (names.empty()) return "";
  return fmt::format("; {} {} what cannot be an address", listed(names),
                     names.size() == 1 ? "holds" : "hold");
}

std::optional<Diagnosis> explain_jump(const Fault& fault) {
  const auto counter = fault.program_counter();
  if (counter && !is_canonical(*counter))
    return Diagnosis{"jump-to-nowhere", "it jumped to " + no_address(*counter)};
  if (!fault.instruction()) return std::nullopt;
  const auto target = fault.instruction()->jump_target(fault.registers());
  if (!target || is_canonical(target->value)) return std::nullopt;
  return Diagnosis{"jump-to-nowhere", fmt::format("it jumped to {}; it was in {}",
                                                  no_address(target->value), target->name)};
}

std::optional<Diagnosis> explain_operands(const Fault& fault) {
  const unsigned alignment = fault.instruction()->required_alignment();
  for (const MemoryOperand& operand : fault.instruction()->memory_operands(fault.registers())) {
    if (!is_canonical(operand.address)) {
      return Diagnosis{"non-canonical", fmt::format("it accessed {}; the address was {}",
                                                    no_address(operand.address), operand.text())};
    }
    if (operand.address % alignment != 0) {
      return Diagnosis{
          "misaligned-access",
          fmt::format("it accessed {:#x} with an instruction that demands a multiple of {}; the "
                      "address was {}",
                      operand.address, alignment, operand.text())};
    }
  }
  return std::nullopt;
}

std::optional<Diagnosis> explain_general_protection(const Fault& fault) {
  if (auto jump = explain_jump(fault)) return jump;
  if (fault.instruction()) {
    if (fault.instruction()->is_privileged())
      return Diagnosis{"privileged-instruction", "it executed an instruction of the kernel"};
    if (auto operand = explain_operands(fault)) return operand;
    if (fault.instruction()->is_indirect_jump())
      return Diagnosis{"jump-to-nowhere", "it jumped to what cannot be an address"};
    if (fault.instruction()->is_return()) {
      return Diagnosis{"overwritten-return-address",
                       "it returned to what cannot be an address: the return address on the stack "
                       "was overwritten"};
    }
  }
  const std::string registers = registers_without_address(fault);
  if (registers.empty()) return std::nullopt;
  return Diagnosis{"general-protection", "the processor refused the instruction" + registers};
}

Diagnosis explain_division(const Fault& fault) {
  constexpr const char* kKind = "integer-division";
  const auto divisor =
      fault.instruction() ? fault.instruction()->divisor(fault.registers()) : std::nullopt;
  if (!divisor || divisor->name.empty())
    return {kKind, "it divided an integer by zero, or the quotient was too large"};
  if (divisor->value == 0)
    return {kKind, fmt::format("it divided an integer by zero, which was in {}", divisor->name)};
  const std::string value = divisor->is_minus_one ? "-1" : in_hexadecimal(divisor->value);
  return {kKind, fmt::format("it divided an integer, and the quotient was too large; the divisor, "
                             "in {}, was {}",
                             divisor->name, value)};
}

std::optional<Diagnosis> explain_undefined_instruction(const Fault& fault) {
  constexpr const char* kKind = "undefined-instruction";
  if (fault.instruction() && fault.instruction()->is_trap()) {
    return Diagnosis{kKind,
                     "it executed ud2, which compilers put where a program must never arrive"};
  }
  const auto code = fault.code(kShownBytes);
  if (code.empty()) return std::nullopt;
  return Diagnosis{kKind, fmt::format("the processor does not know the instruction that begins "
                                      "with the bytes {:02x}",
                                      fmt::join(code, " "))};
}

}  // namespace

std::optional<Diagnosis> diagnose(const Crash& crash, const MemoryMap& map,
                                  std::optional<std::uint64_t> file_size) {
  if (crash.kind != CrashKind::kCrash) return std::nullopt;
  if (crash.signal.number == SIGABRT && crash.last_words) return reason_of_abort(*crash.last_words);
  const Fault fault(crash);
  switch (fault.kind()) {
    case FaultKind::kPageFault:
      if (!fault.address()) return std::nullopt;
      return explain_page_fault(crash, fault, map, file_size);
    case FaultKind::kGeneralProtection:
      return explain_general_protection(fault);
    case FaultKind::kDivision:
      return explain_division(fault);
    case FaultKind::kUndefinedInstruction:
      return explain_undefined_instruction(fault);
    case FaultKind::kBreakpoint:
      return Diagnosis{"breakpoint", "it executed a breakpoint instruction (int3)"};
    case FaultKind::kOther:
      break;
  }
  return std::nullopt;
}

void diagnose_native_recursion(Crash& crash) {
  if (crash.diagnosis && crash.diagnosis->kind == kStackOverflow)
    crash.diagnosis->text = describe_overflow(crash);
}

}  // namespace pyfault
