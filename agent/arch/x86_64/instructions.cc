#include "agent/arch/instructions.h"

#include <cstring>

#include "agent/arch/x86_64/processor.h"

namespace pyfault {
namespace {

// Exception vectors, as in REG_TRAPNO.
enum Vector : greg_t { kDivide = 0, kInvalidOpcode = 6, kProtection = 13, kPageFault = 14 };

bool is_after_system_call(const NearbyCode& code) {
  constexpr std::uint8_t kSyscall[kSystemCallBytes] = {0x0f, 0x05};
  return std::memcmp(code.before, kSyscall, sizeof kSyscall) == 0;
}

// div and idiv are F6 /6, F6 /7, F7 /6, F7 /7 after optional prefixes.
bool is_at_division(const NearbyCode& code) {
  std::size_t at = 0;
  while (at < 2 && (code.at[at] == 0x66 || (code.at[at] & 0xf0) == 0x40)) ++at;
  return (code.at[at] & 0xfe) == 0xf6 && (code.at[at + 1] >> 3 & 7) >= 6;
}

int code_of(int signal, greg_t vector, const NearbyCode& code) {
  if (is_after_system_call(code)) return 0;
  if (signal == SIGSEGV && vector == kProtection) return SI_KERNEL;
  if (signal == SIGSEGV && vector == kPageFault) return SEGV_MAPERR;
  if (signal == SIGBUS && vector == kPageFault) return BUS_ADRERR;
  if (signal == SIGFPE && vector == kDivide && is_at_division(code)) return FPE_INTDIV;
  if (signal == SIGILL && vector == kInvalidOpcode) return ILL_ILLOPN;
  return 0;
}

// Returns the size of an instruction's ModR/M byte with its SIB byte and displacement. `sib`: the
// byte after the ModR/M byte.
std::size_t operand_bytes(std::uint8_t mod_rm, std::uint8_t sib) {
  const int mod = mod_rm >> 6;
  const bool has_sib = mod != 3 && (mod_rm & 7) == 4;
  const int base = (has_sib ? sib : mod_rm) & 7;
  const std::size_t displacement = mod == 1 ? 1 : mod == 2 || (mod == 0 && base == 5) ? 4 : 0;
  return 1 + (has_sib ? 1 : 0) + displacement;
}

// Returns an offset of four bytes, which may be negative, as what to add to an address.
std::uintptr_t offset_in(const std::uint8_t* code) {
  std::int32_t offset;
  std::memcpy(&offset, code, sizeof offset);
  return static_cast<std::uintptr_t>(std::intptr_t{offset});
}

}  // namespace

Trap find_trap(int signal, const mcontext_t& machine, const NearbyCode& code) {
  const bool is_access = signal == SIGSEGV || signal == SIGBUS;
  return {code_of(signal, machine.gregs[REG_TRAPNO], code),
          static_cast<std::uintptr_t>(machine.gregs[is_access ? REG_CR2 : REG_RIP])};
}

// A call is E8 with four bytes, or FF /2 with its operand.
bool ends_with_call(const std::uint8_t (&code)[kLongestCall]) {
  if (code[kLongestCall - 5] == 0xe8) return true;
  for (std::size_t at = 0; at + 1 < kLongestCall; ++at) {
    const std::uint8_t mod_rm = code[at + 1];
    const std::uint8_t sib = at + 2 < kLongestCall ? code[at + 2] : std::uint8_t{0};
    if (code[at] == 0xff && (mod_rm & 0x38) == 0x10 &&
        at + 1 + operand_bytes(mod_rm, sib) == kLongestCall) {
      return true;
    }
  }
  return false;
}

// A call with a displacement of one byte is FF, 50 to 57 without 54, the displacement.
CallTarget call_target(const std::uint8_t (&code)[kLongestCall], std::uintptr_t return_address) {
  if (code[kLongestCall - 5] == 0xe8) {
    return {return_address + offset_in(code + kLongestCall - 4), -1};
  }
  const std::uint8_t mod_rm = code[kLongestCall - 2];
  const bool through_member = code[kLongestCall - 3] == 0xff && (mod_rm & 0xf8) == 0x50;
  return {0, through_member && mod_rm != 0x54 ? code[kLongestCall - 1] : -1};
}

// test %rax, %rax.
bool begins_with_null_test(const std::uint8_t (&code)[kNullTestBytes]) {
  constexpr std::uint8_t kTest[kNullTestBytes] = {0x48, 0x85, 0xc0};
  return std::memcmp(code, kTest, sizeof kTest) == 0;
}

// endbr64 (if there is one), bnd (likewise), jmp *offset(%rip).
std::uintptr_t jump_slot(const std::uint8_t (&code)[kJumpSlotBytes], std::uintptr_t address) {
  constexpr std::uint8_t kEndBranch[] = {0xf3, 0x0f, 0x1e, 0xfa};
  std::size_t at = std::memcmp(code, kEndBranch, sizeof kEndBranch) == 0 ? sizeof kEndBranch : 0;
  if (code[at] == 0xf2) ++at;
  if (code[at] != 0xff || code[at + 1] != 0x25) return 0;
  return address + at + 6 + offset_in(code + at + 2);
}

}  // namespace pyfault
