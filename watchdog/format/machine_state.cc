#include "watchdog/format/machine_state.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

#include "watchdog/crash/registers.h"
#include "watchdog/format/escape.h"

namespace pyfault {
namespace {

constexpr std::size_t kRegistersInLine = 3;
constexpr std::uint64_t kShownBytes = 16;  // of machine code, before and after the program counter

// Marks the general registers that hold the fault address.
std::string registers_text(const Crash& crash) {
  if (crash.registers.empty()) return "";
  std::string text =
      crash.signal.address ? "\nRegisters (* holds the fault address):\n" : "\nRegisters:\n";
  for (std::size_t index = 0; index < crash.registers.size(); ++index) {
    const Register& each = crash.registers[index];
    const bool is_marked = crash.signal.address == each.value && is_general(each.name);
    const bool ends_line =
        (index + 1) % kRegistersInLine == 0 || index + 1 == crash.registers.size();
    fmt::format_to(std::back_inserter(text), " {}{:<6} {:#018x}{}", is_marked ? '*' : ' ',
                   escape_text(each.name), each.value, ends_line ? "\n" : " ");
  }
  return text;
}

// Marks the first byte of the instruction as the kernel does.
std::string instruction_text(const Instruction& instruction) {
  std::string bytes;
  for (std::size_t index = 0; index < instruction.bytes.size(); ++index) {
    const std::uint64_t address = instruction.bytes_address + index;
    const bool is_near =
        address + kShownBytes >= instruction.address && address < instruction.address + kShownBytes;
    if (!is_near) continue;
    const bool is_first = address == instruction.address;
    bytes += fmt::format(" {}{:02x}{}", is_first ? "<" : "", instruction.bytes[index],
                         is_first ? ">" : "");
  }
  if (bytes.empty()) return "";
  return fmt::format("\nMachine code around {:#x}:\n {}\n", instruction.address, bytes);
}

std::string modules_text(const std::vector<Module>& modules) {
  if (modules.empty()) return "";
  std::string text = "\nModules:\n";
  for (const Module& module : modules) {
    fmt::format_to(std::back_inserter(text), "  {:#x}-{:#x} {}{}{}\n", module.start, module.end,
                   escape_text(module.path), module.deleted ? " (deleted)" : "",
                   module.build_id.empty() ? "" : ", build ID " + escape_text(module.build_id));
  }
  return text;
}

}  // namespace

std::string machine_state(const Crash& crash) {
  const std::string code = crash.instruction ? instruction_text(*crash.instruction) : "";
  return registers_text(crash) + code + modules_text(crash.modules);
}

}  // namespace pyfault
