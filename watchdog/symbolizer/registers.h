// The registers of a frame, in DWARF's numbers for x86-64 (System V ABI, figure 3.36).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "shared/record.h"

namespace pyfault {

class Registers {
 public:
  static constexpr unsigned kCount = 17;
  static constexpr unsigned kFramePointer = 6;
  static constexpr unsigned kStackPointer = 7;
  static constexpr unsigned kProgramCounter = 16;

  bool knows(unsigned number) const { return (known_ >> number & 1) != 0; }
  std::uint64_t operator[](unsigned number) const { return values_[number]; }
  void set(unsigned number, std::uint64_t value) {
    values_[number] = value;
    known_ |= 1U << number;
  }
  bool are_all_known() const { return known_ == (1U << kCount) - 1; }

  std::uint64_t program_counter() const { return values_[kProgramCounter]; }
  std::uint64_t stack_pointer() const { return values_[kStackPointer]; }

 private:
  std::array<std::uint64_t, kCount> values_{};
  std::uint32_t known_ = 0;
};

// `general`: in the order of a FaultSection. Of a partial set, only program counter and stack
// pointer are known.
Registers registers_of(std::span<const std::uint64_t, kRegisterCount> general, bool is_partial);

}  // namespace pyfault
