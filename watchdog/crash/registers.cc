#include "watchdog/crash/registers.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace pyfault {
namespace {

// In the order of gregset_t.
constexpr std::array<std::string_view, kRegisterCount> kNames = {
    "r8",  "r9",  "r10", "r11", "r12", "r13",    "r14",    "r15", "rdi",    "rsi",     "rbp", "rbx",
    "rdx", "rax", "rcx", "rsp", "rip", "eflags", "csgsfs", "err", "trapno", "oldmask", "cr2"};

constexpr std::size_t kGeneral = 16;  // the first ones
constexpr std::size_t kErr = 19;
constexpr std::size_t kTrapno = 20;
constexpr std::size_t kCr2 = 22;
static_assert(kNames[kGeneral] == "rip" && kNames[kErr] == "err");
static_assert(kNames[kTrapno] == "trapno" && kNames[kCr2] == "cr2");

constexpr std::uint64_t kTrapOfPageFault = 14;

bool says_something(std::size_t index, const FaultSection& fault) {
  const bool by_kernel = fault.code > 0;
  if (kNames[index] == "csgsfs" || kNames[index] == "oldmask") return false;
  if (index == kErr || index == kTrapno) return by_kernel;
  if (index == kCr2) return by_kernel && fault.registers[kTrapno] == kTrapOfPageFault;
  return true;
}

}  // namespace

std::vector<Register> registers_of(const FaultSection& fault) {
  std::vector<Register> registers;
  const auto is_set = [](std::uint64_t value) { return value != 0; };
  if (std::ranges::none_of(fault.registers, is_set)) return registers;
  for (std::size_t index = 0; index < kNames.size(); ++index) {
    if (says_something(index, fault))
      registers.push_back({std::string(kNames[index]), fault.registers[index]});
  }
  return registers;
}

std::optional<std::uint64_t> value_of(const std::vector<Register>& registers,
                                      std::string_view name) {
  const auto found = std::ranges::find(registers, name, &Register::name);
  if (found == registers.end()) return std::nullopt;
  return found->value;
}

bool is_general(std::string_view name) {
  const auto end = kNames.begin() + kGeneral;
  return std::find(kNames.begin(), end, name) != end;
}

std::vector<std::string_view> registers_with(std::uint64_t value,
                                             const std::vector<Register>& registers) {
  std::vector<std::string_view> names;
  for (const Register& candidate : registers) {
    if (candidate.value == value && is_general(candidate.name)) names.push_back(candidate.name);
  }
  return names;
}

}  // namespace pyfault
