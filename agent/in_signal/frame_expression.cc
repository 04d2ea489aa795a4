#include "agent/in_signal/frame_expression.h"

#include "agent/in_signal/byte_cursor.h"
#include "agent/in_signal/guarded_copy.h"

namespace pyfault {
namespace {

// DWARF's operations (DW_OP_*).
enum Operation : std::uint8_t {
  kDereference = 0x06,
  kUnsigned1 = 0x08,
  kSigned1 = 0x09,
  kUnsigned2 = 0x0a,
  kSigned2 = 0x0b,
  kUnsigned4 = 0x0c,
  kSigned4 = 0x0d,
  kUnsigned8 = 0x0e,
  kSigned8 = 0x0f,
  kUnsigned = 0x10,
  kSigned = 0x11,
  kAnd = 0x1a,
  kMinus = 0x1c,
  kPlus = 0x22,
  kPlusConstant = 0x23,
  kShiftLeft = 0x24,
  kAtLeast = 0x2a,
  kLiteral0 = 0x30,
  kRegister0 = 0x70
};
constexpr std::uint8_t kNumbered = 32;  // literals, and registers

class Evaluation {
 public:
  Evaluation(const UnwindRegisters& registers, std::uintptr_t first) : registers_(registers) {
    push(first);
  }

  bool run(ByteCursor bytes) {
    while (!bytes.at_end() && ok_) step(bytes.read<std::uint8_t>(), bytes);
    return ok_ && bytes.ok();
  }
  std::uintptr_t result() { return pop(); }

 private:
  void step(std::uint8_t operation, ByteCursor& bytes) {
    if (operation >= kLiteral0 && operation < kLiteral0 + kNumbered) {
      return push(std::uintptr_t{operation} - kLiteral0);
    }
    if (operation >= kRegister0 && operation < kRegister0 + kNumbered) {
      const unsigned number = operation - kRegister0;
      ok_ = ok_ && number < kUnwindColumns;
      if (ok_) push(registers_.values[number] + as_word(bytes.read_signed()));
      return;
    }
    if (!push_constant(operation, bytes)) calculate(operation, bytes);
  }

  bool push_constant(std::uint8_t operation, ByteCursor& bytes) {
    switch (operation) {
      case kUnsigned1:
        push(bytes.read<std::uint8_t>());
        return true;
      case kSigned1:
        push(as_word(bytes.read<std::int8_t>()));
        return true;
      case kUnsigned2:
        push(bytes.read<std::uint16_t>());
        return true;
      case kSigned2:
        push(as_word(bytes.read<std::int16_t>()));
        return true;
      case kUnsigned4:
        push(bytes.read<std::uint32_t>());
        return true;
      case kSigned4:
        push(as_word(bytes.read<std::int32_t>()));
        return true;
      case kUnsigned8:
      case kSigned8:
        push(bytes.read<std::uint64_t>());
        return true;
      case kUnsigned:
        push(bytes.read_unsigned());
        return true;
      case kSigned:
        push(as_word(bytes.read_signed()));
        return true;
      default:
        return false;
    }
  }

  void calculate(std::uint8_t operation, ByteCursor& bytes) {
    const std::uintptr_t top = pop();
    switch (operation) {
      case kDereference: {
        std::uintptr_t word = 0;
        ok_ = ok_ && guarded_read(top, word);
        return push(word);
      }
      case kPlusConstant:
        return push(top + bytes.read_unsigned());
      case kPlus:
        return push(pop() + top);
      case kMinus:
        return push(pop() - top);
      case kAnd:
        return push(pop() & top);
      case kShiftLeft:
        return push(top < 64 ? pop() << top : 0);
      case kAtLeast:
        return push(static_cast<std::intptr_t>(pop()) >= static_cast<std::intptr_t>(top) ? 1 : 0);
      default:
        ok_ = false;
    }
  }

  static std::uintptr_t as_word(std::int64_t value) { return static_cast<std::uintptr_t>(value); }

  void push(std::uintptr_t value) {
    ok_ = ok_ && depth_ < kMostValues;
    if (ok_) stack_[depth_++] = value;
  }
  std::uintptr_t pop() {
    ok_ = ok_ && depth_ > 0;
    return ok_ ? stack_[--depth_] : 0;
  }

  static constexpr std::uint32_t kMostValues = 16;

  const UnwindRegisters& registers_;
  std::uintptr_t stack_[kMostValues] = {};
  std::uint32_t depth_ = 0;
  bool ok_ = true;
};

}  // namespace

bool evaluate_expression(std::uintptr_t expression, const UnwindRegisters& registers,
                         std::uintptr_t first, std::uintptr_t& result) {
  constexpr std::size_t kLongestSize = 10;  // of a number in LEB128
  ByteCursor head(expression, expression + kLongestSize);
  const std::uint64_t size = head.read_unsigned();
  Evaluation evaluation(registers, first);
  if (!head.ok() || !evaluation.run({head.position(), head.position() + size})) return false;
  result = evaluation.result();
  return true;
}

}  // namespace pyfault
