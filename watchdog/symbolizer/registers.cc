#include "watchdog/symbolizer/registers.h"

#include <sys/ucontext.h>

namespace pyfault {

Registers registers_of(std::span<const std::uint64_t, kRegisterCount> general, bool is_partial) {
  constexpr std::array<int, Registers::kCount> kInDwarfOrder = {
      REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
      REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  Registers registers;
  for (unsigned number = 0; number < Registers::kCount; ++number) {
    const bool is_known =
        !is_partial || number == Registers::kStackPointer || number == Registers::kProgramCounter;
    const auto index = static_cast<std::size_t>(kInDwarfOrder[number]);
    if (is_known) registers.set(number, general[index]);
  }
  return registers;
}

}  // namespace pyfault
