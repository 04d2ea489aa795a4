#include "agent/in_signal/unwinder.h"

#include "agent/arch/instructions.h"
#include "agent/in_signal/call_frame_info.h"
#include "agent/in_signal/frame_expression.h"
#include "agent/in_signal/guarded_copy.h"

namespace pyfault {
namespace {

bool plausible_code(std::uintptr_t address) {
  return address >= kPageSize && address < kUserEnd;
}

}  // namespace

Unwinder::Unwinder(const PythonRuntimeView& python, const Registers& registers,
                   UnwindScratch& scratch)
    : python_(python), scratch_(scratch), registers_(unwind_registers(registers)) {
  for (UnwindScratch::Place& place : scratch.places) place.address = 0;
}

// A return address may be the first one after the function, if the call does not return; the call
// itself lies before it.
bool Unwinder::look() {
  const std::uintptr_t address = program_counter() - (is_interrupted_ ? 0 : 1);
  place_ = find_place(address);
  return place_ != nullptr && apply(place_->rules.frame_address, 0, frame_address_) &&
         frame_address_ > stack_pointer();
}

// Returns null if nothing is known about the code there.
UnwindScratch::Place* Unwinder::find_place(std::uintptr_t address) {
  constexpr std::size_t kPlaces = sizeof scratch_.places / sizeof *scratch_.places;
  UnwindScratch::Place& place = scratch_.places[address % kPlaces];
  if (place.address == address) return &place;
  CallFrameInfo info;
  place.address = 0;
  if (!find_call_frame_info(python_, address, info) ||
      !find_rules(info, address, scratch_.rules, place.rules)) {
    return nullptr;
  }
  place.address = address;
  place.function = info.function;
  return &place;
}

bool Unwinder::apply(const RegisterRule& rule, std::uintptr_t own, std::uintptr_t& value) const {
  const auto number = static_cast<std::uintptr_t>(rule.value);
  switch (rule.kind) {
    case RegisterRule::Kind::kSame:
    case RegisterRule::Kind::kUndefined:
      value = own;
      return true;
    case RegisterRule::Kind::kAtOffset:
      return guarded_read(frame_address_ + number, value);
    case RegisterRule::Kind::kOffset:
      value = frame_address_ + number;
      return true;
    case RegisterRule::Kind::kInRegister:
      if (number >= kUnwindColumns) return false;
      value = registers_.values[number];
      return true;
    case RegisterRule::Kind::kRegisterPlus:
      value = registers_.values[rule.number] + number;
      return true;
    case RegisterRule::Kind::kExpression:
      return evaluate_expression(number, registers_, frame_address_, value);
    case RegisterRule::Kind::kAtExpression:
      return evaluate_expression(number, registers_, frame_address_, value) &&
             guarded_read(value, value);
  }
  return false;
}

bool Unwinder::leave() {
  if (place_->rules.registers[kReturnColumn].kind == RegisterRule::Kind::kUndefined) return false;
  UnwindRegisters caller = registers_;
  caller.values[kStackColumn] = frame_address_;
  for (unsigned column = 0; column < kUnwindColumns; ++column) {
    const RegisterRule& rule = place_->rules.registers[column];
    if (column == kStackColumn && rule.kind == RegisterRule::Kind::kSame) continue;
    if (!apply(rule, registers_.values[column], caller.values[column])) return false;
  }
  registers_ = caller;
  is_interrupted_ = false;
  return plausible_code(program_counter());
}

bool Unwinder::leave_call_into_nothing() {
  UnwindRegisters caller = registers_;
  std::uint8_t before[kLongestCall];
  if (!is_interrupted_ || !leave_called(caller, [](std::uintptr_t from, std::uintptr_t& word) {
        return guarded_read(from, word);
      })) {
    return false;
  }
  const std::uintptr_t returns_to = caller.values[kReturnColumn];
  if (!plausible_code(returns_to) ||
      !guarded_copy(before, returns_to - sizeof before, sizeof before) || !ends_with_call(before)) {
    return false;
  }
  registers_ = caller;
  is_interrupted_ = false;
  return true;
}

}  // namespace pyfault
