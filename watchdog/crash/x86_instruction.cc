#include "watchdog/crash/x86_instruction.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "watchdog/crash/registers.h"

namespace pyfault {
namespace {

using Bytes = std::span<const std::uint8_t>;

// By their numbers in machine code.
constexpr std::array<std::string_view, 16> kRegisters = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                         "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                         "r12", "r13", "r14", "r15"};
constexpr unsigned kStackPointer = 4;
constexpr unsigned kBasePointer = 5;

constexpr bool in(unsigned value, unsigned first, unsigned last) {
  return value >= first && value <= last;
}

bool has_modrm_one_byte(unsigned opcode) {
  if (opcode < 0x40) return (opcode & 7) < 4;
  return opcode == 0x63 || opcode == 0x69 || opcode == 0x6b || in(opcode, 0x80, 0x8f) ||
         in(opcode, 0xc0, 0xc1) || in(opcode, 0xc6, 0xc7) || in(opcode, 0xd0, 0xd3) ||
         in(opcode, 0xd8, 0xdf) || in(opcode, 0xf6, 0xf7) || in(opcode, 0xfe, 0xff);
}

bool has_modrm_0f(unsigned opcode) {
  const bool has_none = in(opcode, 0x04, 0x0c) || opcode == 0x0e || in(opcode, 0x30, 0x37) ||
                        opcode == 0x77 || in(opcode, 0x80, 0x8f) || in(opcode, 0xa0, 0xa2) ||
                        in(opcode, 0xa8, 0xaa) || in(opcode, 0xc8, 0xcf) || opcode == 0xff;
  return !has_none;
}

// The name of a general register's lower bytes.
std::string name_of_part(unsigned number, unsigned bytes) {
  const std::string_view whole = kRegisters[number];
  const std::string_view letters = whole.substr(1);
  if (bytes == 8) return std::string(whole);
  if (number >= 8) return fmt::format("{}{}", whole, bytes == 4 ? 'd' : bytes == 2 ? 'w' : 'b');
  if (bytes == 4) return fmt::format("e{}", letters);
  if (bytes == 2) return std::string(letters);
  return fmt::format("{}l", letters.ends_with('x') ? letters.substr(0, 1) : letters);
}

}  // namespace

class X86Instruction::Decoder {
 public:
  explicit Decoder(Bytes code) : rest_(code) {}

  std::optional<X86Instruction> run() {
    if (!take_prefixes() || !take_opcode() || !take_modrm()) return std::nullopt;
    return result_;
  }

 private:
  std::optional<std::uint8_t> take() {
    if (rest_.empty()) return std::nullopt;
    const std::uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }

  static bool is_segment_without_effect(std::uint8_t byte) {
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e;
  }

  bool note_prefix(std::uint8_t byte) {
    if (byte == 0x66) return result_.has_66_ = true;
    if (byte == 0xf2) return result_.has_f2_ = true;
    if (byte == 0xf3) return result_.has_f3_ = true;
    if (byte == 0x67) return result_.has_short_address_ = true;
    if (byte == 0x64 || byte == 0x65) return result_.has_other_base_ = true;
    return byte == 0xf0 || is_segment_without_effect(byte);
  }

  // Ends before the opcode or the first byte of VEX or EVEX.
  bool take_prefixes() {
    while (!rest_.empty() && note_prefix(rest_.front())) rest_ = rest_.subspan(1);
    if (!rest_.empty() && (rest_.front() & 0xf0) == 0x40) {
      result_.rex_ = true;
      set_extensions(*take());
    }
    return !rest_.empty();
  }

  void set_extensions(unsigned rex) {
    result_.rex_w_ = (rex & 8) != 0;
    result_.rex_r_ = (rex & 4) << 1;
    result_.rex_x_ = (rex & 2) << 2;
    result_.rex_b_ = (rex & 1) << 3;
  }

  bool take_opcode() {
    const auto first = take();
    if (!first) return false;
    switch (*first) {
      case 0x0f:
        return take_legacy_map();
      case 0xc5:
        return take_short_vex();
      case 0xc4:
        return take_vex();
      case 0x62:
        return take_evex();
      default:
        result_.opcode_ = *first;
        result_.has_modrm_ = has_modrm_one_byte(*first);
        return true;
    }
  }

  bool take_legacy_map() {
    const auto second = take();
    if (!second) return false;
    if (*second == 0x38) return take_opcode_of(Map::k0f38);
    if (*second == 0x3a) return take_opcode_of(Map::k0f3a);
    result_.map_ = Map::k0f;
    result_.opcode_ = *second;
    result_.has_modrm_ = has_modrm_0f(*second);
    return true;
  }

  bool take_opcode_of(Map map) {
    const auto opcode = take();
    if (!opcode) return false;
    result_.map_ = map;
    result_.opcode_ = *opcode;
    result_.has_modrm_ = !(map == Map::k0f && *opcode == 0x77);
    return true;
  }

  static Map map_of(unsigned number) {
    constexpr std::array kMaps = {Map::kOther, Map::k0f, Map::k0f38, Map::k0f3a};
    return number < kMaps.size() ? kMaps[number] : Map::kOther;
  }

  void set_implied_prefix(unsigned number) {
    result_.has_66_ = number == 1;
    result_.has_f3_ = number == 2;
    result_.has_f2_ = number == 3;
  }

  bool take_short_vex() {
    const auto payload = take();
    if (!payload) return false;
    result_.encoding_ = Encoding::kVex;
    set_extensions((~unsigned{*payload} >> 5) & 4);
    result_.vector_bytes_ = (*payload & 4) != 0 ? 32 : 16;
    set_implied_prefix(*payload & 3);
    return take_opcode_of(Map::k0f);
  }

  bool take_vex() {
    const auto first = take();
    const auto second = first ? take() : std::nullopt;
    if (!second) return false;
    result_.encoding_ = Encoding::kVex;
    set_extensions((~unsigned{*first} >> 5 & 7) | (*second >> 4 & 8));
    result_.vector_bytes_ = (*second & 4) != 0 ? 32 : 16;
    set_implied_prefix(*second & 3);
    return take_opcode_of(map_of(*first & 0x1f));
  }

  bool take_evex() {
    const auto first = take();
    const auto second = first ? take() : std::nullopt;
    const auto third = second ? take() : std::nullopt;
    if (!third) return false;
    result_.encoding_ = Encoding::kEvex;
    set_extensions((~unsigned{*first} >> 5 & 7) | (*second >> 4 & 8));
    result_.vector_bytes_ = 16u << (*third >> 5 & 3);
    set_implied_prefix(*second & 3);
    return take_opcode_of(map_of(*first & 7));
  }

  bool take_modrm() {
    if (!result_.has_modrm_) return true;
    const auto modrm = take();
    if (!modrm) return false;
    result_.modrm_ = *modrm;
    if (!result_.has_memory_operand()) return true;
    const bool has_sib = (*modrm & 7) == kStackPointer;
    const auto sib = has_sib ? take() : std::uint8_t{0};
    if (!sib) return false;
    result_.sib_ = *sib;
    return take_displacement(has_sib ? *sib & 7 : *modrm & 7);
  }

  bool take_displacement(unsigned base) {
    const unsigned mode = result_.modrm_ >> 6;
    const unsigned bytes = mode == 1 ? 1 : mode == 2 || base == kBasePointer ? 4 : 0;
    if (rest_.size() < bytes) return false;
    if (bytes == 1) {
      // EVEX counts in units, which for most instructions are the size of the vector.
      const unsigned unit = result_.encoding_ == Encoding::kEvex ? result_.vector_bytes_ : 1;
      result_.displacement_ = static_cast<std::int8_t>(rest_[0]) * static_cast<std::int64_t>(unit);
    } else if (bytes == 4) {
      std::int32_t displacement = 0;
      std::memcpy(&displacement, rest_.data(), sizeof displacement);
      result_.displacement_ = displacement;
    }
    return true;
  }

  Bytes rest_;
  X86Instruction result_;
};

std::optional<X86Instruction> X86Instruction::decode(Bytes code) {
  return Decoder(code).run();
}

std::string MemoryOperand::text() const {
  std::string text(base);
  if (base.empty() && index.empty()) return fmt::format("{:#x}", address);
  if (!index.empty()) {
    if (!text.empty()) text += " + ";
    text += index;
    if (scale > 1) text += fmt::format("*{}", scale);
  }
  if (displacement == 0) return text;
  return text + fmt::format(" {} {:#x}", displacement < 0 ? '-' : '+', std::abs(displacement));
}

bool X86Instruction::is_return() const {
  return encoding_ == Encoding::kLegacy && map_ == Map::kOneByte &&
         (opcode_ == 0xc3 || opcode_ == 0xc2);
}

bool X86Instruction::is_trap() const {
  return encoding_ == Encoding::kLegacy && is(Map::k0f, 0x0b);
}

bool X86Instruction::is_privileged() const {
  if (encoding_ != Encoding::kLegacy) return false;
  if (map_ == Map::kOneByte) {
    // Input and output; int n; hlt, cli, sti.
    return in(opcode_, 0x6c, 0x6f) || in(opcode_, 0xe4, 0xe7) || in(opcode_, 0xec, 0xef) ||
           opcode_ == 0xcd || opcode_ == 0xf4 || in(opcode_, 0xfa, 0xfb);
  }
  // clts, sysret, invd, wbinvd; moves to and from control and debug registers; wrmsr, rdmsr.
  return map_ == Map::k0f &&
         (in(opcode_, 0x06, 0x09) || in(opcode_, 0x20, 0x23) || opcode_ == 0x30 || opcode_ == 0x32);
}

bool X86Instruction::is_group(Map map, unsigned opcode, unsigned first, unsigned last) const {
  return encoding_ == Encoding::kLegacy && is(map, opcode) && in(group(), first, last);
}

// lea computes an address only, and hints never fault.
bool X86Instruction::accesses_operand() const {
  const bool is_lea = is(Map::kOneByte, 0x8d);
  const bool is_hint = map_ == Map::k0f && (opcode_ == 0x0d || in(opcode_, 0x18, 0x1f));
  // The index of a gather or scatter is a vector.
  const bool is_gather = encoding_ != Encoding::kLegacy && map_ == Map::k0f38 &&
                         (in(opcode_, 0x90, 0x93) || in(opcode_, 0xa0, 0xa3));
  const bool is_hint_only = is_hint && encoding_ == Encoding::kLegacy;
  return !is_lea && !is_hint_only && !is_gather;
}

std::optional<MemoryOperand> X86Instruction::explicit_operand(
    const std::vector<Register>& registers) const {
  if (!has_memory_operand() || !accesses_operand()) return std::nullopt;
  const unsigned mode = modrm_ >> 6;
  const bool has_sib = (modrm_ & 7) == kStackPointer;
  const unsigned base = has_sib ? sib_ & 7 : modrm_ & 7;
  const bool has_base = mode != 0 || base != kBasePointer;
  // Without SIB, this is relative to rip, and so to the length of the instruction.
  if (!has_base && !has_sib) return std::nullopt;
  MemoryOperand operand;
  operand.displacement = displacement_;
  operand.address = static_cast<std::uint64_t>(displacement_);
  if (has_base) operand.base = kRegisters[base | rex_b_];
  const unsigned index = (sib_ >> 3 & 7) | rex_x_;
  if (has_sib && index != kStackPointer) {
    operand.index = kRegisters[index];
    operand.scale = 1u << (sib_ >> 6);
  }
  const auto base_value = value_of(registers, operand.base);
  const auto index_value = value_of(registers, operand.index);
  if ((has_base && !base_value) || (!operand.index.empty() && !index_value)) return std::nullopt;
  operand.address += base_value.value_or(0) + index_value.value_or(0) * operand.scale;
  return operand;
}

// Of string instructions, and of those that use the stack.
std::vector<MemoryOperand> X86Instruction::implicit_operands(
    const std::vector<Register>& registers) const {
  std::vector<MemoryOperand> operands;
  const auto add = [&](std::string_view base, std::int64_t displacement = 0) {
    const auto value = value_of(registers, base);
    if (!value) return;
    MemoryOperand operand;
    operand.base = base;
    operand.displacement = displacement;
    operand.address = *value + static_cast<std::uint64_t>(displacement);
    operands.push_back(operand);
  };
  if (encoding_ != Encoding::kLegacy || map_ != Map::kOneByte) return operands;
  const bool moves_string = in(opcode_, 0xa4, 0xa7);
  if (moves_string || in(opcode_, 0xac, 0xad)) add("rsi");
  if (moves_string || in(opcode_, 0xaa, 0xab) || in(opcode_, 0xae, 0xaf)) add("rdi");
  const bool pushes = in(opcode_, 0x50, 0x57) || opcode_ == 0x68 || opcode_ == 0x6a ||
                      opcode_ == 0xe8 || is_group(Map::kOneByte, 0xff, 2, 2) ||
                      is_group(Map::kOneByte, 0xff, 6, 6);
  if (pushes) add("rsp", -8);
  if (in(opcode_, 0x58, 0x5f) || is_return()) add("rsp");
  if (opcode_ == 0xc9) add("rbp");
  return operands;
}

std::vector<MemoryOperand> X86Instruction::memory_operands(
    const std::vector<Register>& registers) const {
  if (has_other_base_ || has_short_address_) return {};
  std::vector<MemoryOperand> operands = implicit_operands(registers);
  if (auto operand = explicit_operand(registers)) operands.insert(operands.begin(), *operand);
  return operands;
}

// movaps, movntps, movdqa, movntdq and their relatives.
bool X86Instruction::is_aligned_move() const {
  if (map_ == Map::k0f38) return opcode_ == 0x2a && has_66_;
  if (map_ != Map::k0f || has_f2_ || has_f3_) return false;
  if (in(opcode_, 0x28, 0x29) || opcode_ == 0x2b) return true;
  return has_66_ && (opcode_ == 0x6f || opcode_ == 0x7f || opcode_ == 0xe7);
}

// Arithmetic on whole vectors of 16 bytes, which unlike that of AVX wants its operand aligned.
bool X86Instruction::is_packed_legacy() const {
  if (encoding_ != Encoding::kLegacy || map_ != Map::k0f || has_f2_ || has_f3_) return false;
  const bool is_float = in(opcode_, 0x54, 0x59) || in(opcode_, 0x5b, 0x5f);
  const bool is_integer = in(opcode_, 0x60, 0x6d) || in(opcode_, 0x74, 0x76) ||
                          (in(opcode_, 0xd1, 0xfe) && opcode_ != 0xd6 && opcode_ != 0xd7);
  return is_float || (has_66_ && is_integer);
}

unsigned X86Instruction::required_alignment() const {
  if (!has_memory_operand()) return 1;
  if (is_aligned_move()) return encoding_ == Encoding::kLegacy ? 16 : vector_bytes_;
  return is_packed_legacy() ? 16 : 1;
}

unsigned X86Instruction::operand_bytes() const {
  if ((opcode_ & 1) == 0) return 1;
  return rex_w_ ? 8 : has_66_ ? 2 : 4;
}

std::optional<RegisterOperand> X86Instruction::divisor(
    const std::vector<Register>& registers) const {
  if (!is_group(Map::kOneByte, 0xf6, 6, 7) && !is_group(Map::kOneByte, 0xf7, 6, 7))
    return std::nullopt;
  if (has_memory_operand()) return RegisterOperand{};
  const unsigned bytes = operand_bytes();
  unsigned number = (modrm_ & 7) | rex_b_;
  // Without REX, the upper four registers of one byte are the second bytes of the lower four.
  const bool is_second_byte = bytes == 1 && !rex_ && number >= 4;
  if (is_second_byte) number -= 4;
  const auto whole = value_of(registers, kRegisters[number]);
  if (!whole) return RegisterOperand{};
  const std::uint64_t mask = bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * bytes) - 1;
  const std::uint64_t value = (is_second_byte ? *whole >> 8 : *whole) & mask;
  const std::string name =
      is_second_byte ? std::string{kRegisters[number][1], 'h'} : name_of_part(number, bytes);
  return RegisterOperand{name, value, value == mask};
}

bool X86Instruction::is_indirect_jump() const {
  return is_group(Map::kOneByte, 0xff, 2, 2) || is_group(Map::kOneByte, 0xff, 4, 4);
}

std::optional<RegisterOperand> X86Instruction::jump_target(
    const std::vector<Register>& registers) const {
  if (!is_indirect_jump() || has_memory_operand()) return std::nullopt;
  const std::string_view name = kRegisters[(modrm_ & 7) | rex_b_];
  const auto value = value_of(registers, name);
  if (!value) return std::nullopt;
  return RegisterOperand{std::string(name), *value};
}

}  // namespace pyfault
