#include "agent/in_signal/call_frame_rules.h"

#include "agent/in_signal/byte_cursor.h"

namespace pyfault {
namespace {

using Kind = RegisterRule::Kind;

// Call frame instructions (DW_CFA_*). The first three have an operand in their low six bits.
enum Instruction : std::uint8_t {
  kAdvance = 0x40,
  kStoredAt = 0x80,
  kRestore = 0xc0,
  kNothing = 0x00,
  kAdvance1 = 0x02,
  kAdvance2 = 0x03,
  kAdvance4 = 0x04,
  kStoredAtExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kInRegister = 0x09,
  kRemember = 0x0a,
  kRecall = 0x0b,
  kFrame = 0x0c,
  kFrameRegister = 0x0d,
  kFrameOffset = 0x0e,
  kFrameExpression = 0x0f,
  kAtExpression = 0x10,
  kStoredAtSigned = 0x11,
  kFrameSigned = 0x12,
  kFrameOffsetSigned = 0x13,
  kValueAt = 0x14,
  kValueAtSigned = 0x15,
  kIsExpression = 0x16,
  kArgumentsSize = 0x2e
};
constexpr std::uint8_t kOperand = 0x3f;

class Run {
 public:
  Run(const CallFrameInfo& info, std::uintptr_t address, RulesScratch& scratch,
      CallFrameRules& rules)
      : info_(info), address_(address), scratch_(scratch), rules_(rules) {}

  // Executes instructions up to those that hold only further on in the function.
  bool execute(const Text& program) {
    ByteCursor bytes(program.begin, program.end);
    while (!bytes.at_end() && ok_) {
      const auto instruction = bytes.read<std::uint8_t>();
      if (!execute_short(instruction, bytes)) execute_long(instruction, bytes);
      if (location_ > address_) break;
    }
    return ok_ && bytes.ok();
  }
  void begin_at(std::uintptr_t location) { location_ = location; }

 private:
  bool execute_short(std::uint8_t instruction, ByteCursor& bytes) {
    const std::uint8_t operand = instruction & kOperand;
    switch (instruction & ~kOperand) {
      case kAdvance:
        advance(operand);
        return true;
      case kStoredAt:
        set(operand, Kind::kAtOffset, factored(bytes.read_unsigned()));
        return true;
      case kRestore:
        restore(operand);
        return true;
      default:
        return false;
    }
  }

  void execute_long(std::uint8_t instruction, ByteCursor& bytes) {
    switch (instruction) {
      case kNothing:
        return;
      case kAdvance1:
        return advance(bytes.read<std::uint8_t>());
      case kAdvance2:
        return advance(bytes.read<std::uint16_t>());
      case kAdvance4:
        return advance(bytes.read<std::uint32_t>());
      case kRemember:
        return remember();
      case kRecall:
        return recall();
      case kArgumentsSize:
        bytes.read_unsigned();
        return;
      case kFrame:
      case kFrameSigned:
      case kFrameRegister:
      case kFrameOffset:
      case kFrameOffsetSigned:
      case kFrameExpression:
        return change_frame_address(instruction, bytes);
      default:
        return change_register(instruction, bytes);
    }
  }

  void change_frame_address(std::uint8_t instruction, ByteCursor& bytes) {
    RegisterRule& frame = rules_.frame_address;
    if (instruction == kFrameExpression) {
      frame = {Kind::kExpression, 0, expression(bytes)};
      return;
    }
    if (instruction == kFrame || instruction == kFrameSigned || instruction == kFrameRegister) {
      const std::uint64_t number = bytes.read_unsigned();
      ok_ = ok_ && number < kUnwindColumns;
      frame.kind = Kind::kRegisterPlus;
      frame.number = static_cast<std::uint8_t>(number);
    }
    if (instruction == kFrame || instruction == kFrameOffset) {
      frame.value = static_cast<std::int64_t>(bytes.read_unsigned());
    }
    if (instruction == kFrameSigned || instruction == kFrameOffsetSigned) {
      frame.value = bytes.read_signed() * info_.data_alignment;
    }
  }

  void change_register(std::uint8_t instruction, ByteCursor& bytes) {
    const std::uint64_t number = bytes.read_unsigned();
    switch (instruction) {
      case kStoredAtExtended:
        return set(number, Kind::kAtOffset, factored(bytes.read_unsigned()));
      case kStoredAtSigned:
        return set(number, Kind::kAtOffset, bytes.read_signed() * info_.data_alignment);
      case kValueAt:
        return set(number, Kind::kOffset, factored(bytes.read_unsigned()));
      case kValueAtSigned:
        return set(number, Kind::kOffset, bytes.read_signed() * info_.data_alignment);
      case kRestoreExtended:
        return restore(number);
      case kUndefined:
        return set(number, Kind::kUndefined, 0);
      case kSameValue:
        return set(number, Kind::kSame, 0);
      case kInRegister:
        return set(number, Kind::kInRegister, static_cast<std::int64_t>(bytes.read_unsigned()));
      case kAtExpression:
        return set(number, Kind::kAtExpression, expression(bytes));
      case kIsExpression:
        return set(number, Kind::kExpression, expression(bytes));
      default:
        ok_ = false;
    }
  }

  std::int64_t factored(std::uint64_t value) const {
    return static_cast<std::int64_t>(value) * info_.data_alignment;
  }
  void advance(std::uint64_t delta) { location_ += delta * info_.code_alignment; }

  // Registers without a column, such as vector registers, are of no interest.
  void set(std::uint64_t number, Kind kind, std::int64_t value) {
    if (number < kUnwindColumns) rules_.registers[number] = {kind, 0, value};
  }
  void restore(std::uint64_t number) {
    if (number < kUnwindColumns) rules_.registers[number] = scratch_.initial.registers[number];
  }

  // Returns the address of an expression, which begins with its length, and goes on behind it.
  static std::int64_t expression(ByteCursor& bytes) {
    const std::uintptr_t begin = bytes.position();
    bytes.skip(bytes.read_unsigned());
    return static_cast<std::int64_t>(begin);
  }

  void remember() {
    constexpr std::uint32_t kMost = sizeof scratch_.remembered / sizeof *scratch_.remembered;
    ok_ = ok_ && remembered_ < kMost;
    if (ok_) scratch_.remembered[remembered_++] = rules_;
  }
  void recall() {
    ok_ = ok_ && remembered_ > 0;
    if (ok_) rules_ = scratch_.remembered[--remembered_];
  }

  const CallFrameInfo& info_;
  const std::uintptr_t address_;
  RulesScratch& scratch_;
  CallFrameRules& rules_;
  std::uintptr_t location_ = 0;
  std::uint32_t remembered_ = 0;
  bool ok_ = true;
};

}  // namespace

bool find_rules(const CallFrameInfo& info, std::uintptr_t address, RulesScratch& scratch,
                CallFrameRules& rules) {
  rules = {};
  scratch.initial = {};
  Run run(info, address, scratch, rules);
  if (!run.execute(info.shared_program)) return false;
  scratch.initial = rules;
  run.begin_at(info.function.begin);
  return run.execute(info.program);
}

}  // namespace pyfault
