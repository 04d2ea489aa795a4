// What the instruction at which an x86-64 process faulted says about the fault: what it is, and
// from which registers it computed the addresses that it accessed.
//
// Not a disassembler: it decodes prefixes, opcode and ModR/M (Intel's manual, volume 2, chapter 2),
// and knows the few instructions that matter by their opcodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/crash/native.h"

namespace pyfault {

// An address as an instruction computes it: base + index * scale + displacement.
struct MemoryOperand {
  std::string_view base;   // a register; empty: none
  std::string_view index;  // likewise
  unsigned scale = 1;
  std::int64_t displacement = 0;
  std::uint64_t address = 0;

  std::string text() const;  // "rdi + rcx*8 - 0x10"; without registers the address
};

// The divisor of an integer division, or the target of a jump or call.
struct RegisterOperand {
  std::string name;  // as the instruction has it: "ecx"; empty: the operand is in memory
  std::uint64_t value = 0;
  bool is_minus_one = false;  // in the operand's width
};

class X86Instruction {
 public:
  // Decodes the instruction that `code` begins with; further bytes are ignored. Returns nullopt if
  // it is cut off or not known.
  static std::optional<X86Instruction> decode(std::span<const std::uint8_t> code);

  bool is_return() const;
  bool is_indirect_jump() const;  // or call: to an address that is in a register or in memory
  bool is_trap() const;           // ud2: compilers put it where execution must not arrive
  bool is_privileged() const;     // only the kernel may execute it

  // The addresses that it accesses, as far as that is known: at most two.
  std::vector<MemoryOperand> memory_operands(const std::vector<Register>& registers) const;
  // In bytes, of its operand in memory; 1 if there is no condition, or none is known.
  unsigned required_alignment() const;

  // Returns nullopt if it is no integer division.
  std::optional<RegisterOperand> divisor(const std::vector<Register>& registers) const;
  // Returns nullopt if it is no indirect jump to what a register holds.
  std::optional<RegisterOperand> jump_target(const std::vector<Register>& registers) const;

 private:
  enum class Encoding { kLegacy, kVex, kEvex };
  enum class Map { kOneByte, k0f, k0f38, k0f3a, kOther };
  class Decoder;

  bool is(Map map, unsigned opcode) const { return map_ == map && opcode_ == opcode; }
  unsigned group() const { return modrm_ >> 3 & 7; }  // extends the opcode
  bool has_memory_operand() const { return has_modrm_ && modrm_ < 0xc0; }
  bool accesses_operand() const;
  bool is_group(Map map, unsigned opcode, unsigned first, unsigned last) const;
  bool is_aligned_move() const;
  bool is_packed_legacy() const;
  std::vector<MemoryOperand> implicit_operands(const std::vector<Register>& registers) const;
  std::optional<MemoryOperand> explicit_operand(const std::vector<Register>& registers) const;
  unsigned operand_bytes() const;

  Encoding encoding_ = Encoding::kLegacy;
  Map map_ = Map::kOneByte;
  std::uint8_t opcode_ = 0;
  bool has_66_ = false;             // operand size, or a part of the opcode
  bool has_f2_ = false;             // repne, or a part of the opcode
  bool has_f3_ = false;             // rep, or a part of the opcode
  bool has_other_base_ = false;     // fs or gs is added to its addresses
  bool has_short_address_ = false;  // its addresses have 32 bits
  bool rex_ = false;
  bool rex_w_ = false;
  unsigned rex_r_ = 0;  // 8: extends the register in ModR/M's reg, and so on
  unsigned rex_x_ = 0;
  unsigned rex_b_ = 0;
  unsigned vector_bytes_ = 16;
  bool has_modrm_ = false;
  std::uint8_t modrm_ = 0;
  std::uint8_t sib_ = 0;
  std::int64_t displacement_ = 0;
};

}  // namespace pyfault
