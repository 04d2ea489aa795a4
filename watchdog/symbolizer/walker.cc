#include "watchdog/symbolizer/walker.h"

#include <algorithm>

namespace pyfault {
namespace {

// A frame may be that much larger than what was copied of it.
constexpr std::uint64_t kLargestFrame = std::uint64_t{16} << 20;

StackFrame frame_at(const Position& position) {
  return {position.registers.program_counter(), position.registers.stack_pointer(), position.trust,
          position.is_return_address};
}

// The caller of a frame of which nothing but the place of the return address is known. Registers
// that the caller expects to be kept have not changed.
Position caller_of(const Position& frame, std::uint64_t address, std::uint64_t stack_pointer,
                   Trust trust) {
  Position caller{frame.registers, trust, true};
  caller.registers.set(Registers::kProgramCounter, address);
  caller.registers.set(Registers::kStackPointer, stack_pointer);
  return caller;
}

}  // namespace

Stop Walker::walk(Position& position, std::size_t limit, std::vector<StackFrame>& frames) {
  const std::size_t first = frames.size();
  for (;;) {
    const StackFrame* called = frames.size() > first ? &frames.back() : nullptr;
    StackFrame frame = frame_at(position);
    const Step step = this->step(position, frame, called);
    frames.push_back(frame);
    if (const Stop* stop = std::get_if<Stop>(&step)) return *stop;
    const auto& caller = std::get<Position>(step);
    // The stack that a signal interrupted may be another one.
    const bool is_above = caller.registers.stack_pointer() > frame.stack_pointer;
    if (!is_above && !frame.is_signal_frame) return Stop::kNoProgress;
    if (code_.find(caller.code()) == nullptr) return Stop::kNotCode;
    if (frames.size() >= limit || steps_left_ == 0) return Stop::kTooMany;
    --steps_left_;
    position = caller;
  }
}

Walker::Step Walker::step(const Position& frame, StackFrame& found, const StackFrame* called) {
  LoadedModule* module = code_.module_at(frame.code());
  const auto rules = module != nullptr ? module->rules_at(frame.code()) : std::nullopt;
  if (rules) {
    found.function = rules->function;
    found.is_signal_frame = rules->is_signal_frame;
    // The kernel has made a handler return to the beginning of this frame's code.
    if (rules->is_signal_frame) found.is_return_address = false;
    return step_by_rules(*module, *rules, frame);
  }
  if (const auto caller = step_through_trampoline(frame, called)) return *caller;
  if (const auto caller = step_by_frame_pointer(frame)) return *caller;
  return Stop::kNoRules;
}

Walker::Step Walker::step_by_rules(LoadedModule& module, const FrameRules& rules,
                                   const Position& frame) {
  if (rules.is_outermost) return Stop::kOutermost;
  Registers registers = frame.registers;
  registers.set(Registers::kProgramCounter, frame.code());
  const UnwindStep step = module.step(registers, memory_);
  if (step.caller) {
    const Position caller{*step.caller, Trust::kCfi, !rules.is_signal_frame};
    if (caller.is_return_address && !may_have_called(caller)) return Stop::kNotCode;
    return caller;
  }
  if (step.missing) {
    return is_missing_part(*step.missing, registers.stack_pointer()) ? Stop::kNotCaptured
                                                                     : Stop::kNotCode;
  }
  const bool is_base_known = !rules.base || registers.knows(*rules.base);
  return is_base_known ? Stop::kZero : Stop::kUnknownRegister;
}

// With -X perf the interpreter calls its evaluation function by way of a copy of this code:
// sub $8, %rsp; call *%rcx; add $8, %rsp; ret (CPython's Python/asm_trampoline.S), or from 3.15 on
// with a frame pointer in place of the 8 bytes.
std::optional<Position> Walker::step_through_trampoline(const Position& frame,
                                                        const StackFrame* called) {
  const InputMapping* mapping = code_.find(frame.code());
  if (mapping->module != kAnonymous || called == nullptr) return std::nullopt;
  const std::uint64_t stack_pointer = frame.registers.stack_pointer();
  const auto address = memory_.word_at(stack_pointer + kWordSize);
  if (!address || !code_.follows_call(*address)) return std::nullopt;

  const InputMapping* evaluation = code_.find(called->code());
  const bool is_from_there =
      evaluation != nullptr && evaluation->module == code_.find(*address - 1)->module;
  if (!is_from_there) return std::nullopt;
  const bool is_evaluation = std::ranges::any_of(anchors_, [&](std::uint64_t anchor) {
    return anchor >= called->stack_pointer && anchor < stack_pointer;
  });
  if (!anchors_.empty() && !is_evaluation) return std::nullopt;

  Position caller = caller_of(frame, *address, stack_pointer + 2 * kWordSize, Trust::kTrampoline);
  const auto saved = memory_.word_at(stack_pointer);
  if (saved && frame.registers.knows(Registers::kFramePointer) &&
      frame.registers[Registers::kFramePointer] == stack_pointer) {
    caller.registers.set(Registers::kFramePointer, *saved);
  }
  return caller;
}

std::optional<Position> Walker::step_by_frame_pointer(const Position& frame) {
  const Registers& registers = frame.registers;
  if (!registers.knows(Registers::kFramePointer)) return std::nullopt;
  const std::uint64_t frame_pointer = registers[Registers::kFramePointer];
  if (frame_pointer < registers.stack_pointer()) return std::nullopt;
  const auto outer = memory_.word_at(frame_pointer);
  const auto address = memory_.word_at(frame_pointer + kWordSize);
  if (!outer || !address || !may_be_return_address(*address)) return std::nullopt;
  Position caller = caller_of(frame, *address, frame_pointer + 2 * kWordSize, Trust::kFramePointer);
  caller.registers.set(Registers::kFramePointer, *outer);
  return caller;
}

std::optional<Position> Walker::caller_at_top_of_stack(const Registers& registers) {
  const std::uint64_t stack_pointer = registers.stack_pointer();
  const auto address = memory_.word_at(stack_pointer);
  if (!address || !may_be_return_address(*address)) return std::nullopt;
  return caller_of({registers}, *address, stack_pointer + kWordSize, Trust::kTopOfStack);
}

// What was compiled at run time cannot be read any more.
bool Walker::may_be_return_address(std::uint64_t address) const {
  const InputMapping* mapping = code_.find(address - 1);
  return mapping != nullptr && (mapping->module == kAnonymous || code_.follows_call(address));
}

// A return address that was overwritten may lead to code all the same. What no call has left can
// only be where the kernel or the program itself has made a function return to: to the end of a
// signal handler, or of a stack. Code that cannot be read may be anything.
bool Walker::may_have_called(const Position& caller) const {
  const LoadedModule* module = code_.module_at(caller.code());
  if (module == nullptr || code_.follows_call(caller.registers.program_counter())) return true;
  const auto rules = module->rules_at(caller.code());
  return rules && (rules->is_signal_frame || rules->is_outermost);
}

// Whether the address is that of a part of the stack that was not copied; else it is none of the
// stack.
bool Walker::is_missing_part(std::uint64_t address, std::uint64_t stack_pointer) const {
  const MemoryChunk* below = memory_.below(address);
  if (below == nullptr || address < stack_pointer) return false;
  const bool is_between = memory_.at_or_above(address) != nullptr;
  return is_between || address - below->end() < kLargestFrame;
}

}  // namespace pyfault
