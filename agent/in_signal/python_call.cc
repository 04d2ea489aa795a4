#include "agent/in_signal/python_call.h"

#include "agent/arch/instructions.h"
#include "agent/in_signal/call_frame_info.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

// The owner of a shim: FRAME_OWNED_BY_CSTACK, from 3.14 on FRAME_OWNED_BY_INTERPRETER.
constexpr std::uint8_t kOwnedByLoop = 3;
constexpr int kDeallocMember = 48;  // of tp_dealloc in a PyTypeObject, in all versions

// The instructions of an interpreter are much more code than this. In a tail-call interpreter, the
// function that is the evaluation loop elsewhere only calls the first of them, and is less.
constexpr std::uintptr_t kLeastLoopBytes = 4096;

bool contains(const std::uintptr_t* functions, std::uint32_t count, std::uintptr_t function) {
  for (std::uint32_t index = 0; index < count; ++index) {
    if (functions[index] == function) return true;
  }
  return false;
}

// Returns an address among the local variables of the innermost evaluation loop: of its cframe
// (3.10 to 3.12) or its shim (3.13 on). 0: there is none, or it is not found.
std::uintptr_t local_of_loop(const PythonRuntimeView& python, const ThreadState& thread) {
  const PythonLayout::FrameStruct& layout = python.layout.frame;
  if (thread.cframe != 0 || layout.owner == kAbsent) return thread.cframe;
  std::uintptr_t frame = thread.frame;
  for (std::uint32_t links = 0; links < kMaxUnwound && plausible_object(frame); ++links) {
    std::uint8_t owner = 0;
    if (!guarded_read(frame + layout.owner, owner)) return 0;
    if (owner == kOwnedByLoop) return frame;
    if (!guarded_read(frame + layout.previous, frame)) return 0;
  }
  return 0;
}

// Returns the address of the instruction that the frame is executing; 0: not found.
std::uintptr_t current_instruction(const PythonRuntimeView& python, std::uintptr_t frame) {
  const PythonLayout& layout = python.layout;
  std::uintptr_t address = 0;
  if (layout.position == FramePosition::kInstructionPointer) {
    return guarded_read(frame + layout.frame.position, address) ? address : 0;
  }
  std::uintptr_t code = 0;
  std::int32_t position = 0;
  if (!guarded_read(frame + layout.frame.code, code) ||
      !guarded_read(frame + layout.frame.position, position) || position < 0 ||
      !plausible_object(code) || !guarded_read(code + layout.code.bytecode, address)) {
    return 0;
  }
  const std::uintptr_t unit = layout.position == FramePosition::kCodeUnitOffset ? 2 : 1;
  return address + layout.bytes_data + static_cast<std::uintptr_t>(position) * unit;
}

bool expects_object(const PythonRuntimeView& python, std::uintptr_t frame) {
  constexpr int kMostPrefixes = 3;
  constexpr std::uintptr_t kInstructionBytes = 2;
  const Opcodes& opcodes = python.layout.opcodes;
  std::uintptr_t at = plausible_object(frame) ? current_instruction(python, frame) : 0;
  std::uint8_t opcode = opcodes.extended_arg;
  for (int count = 0; count <= kMostPrefixes && opcode == opcodes.extended_arg; ++count) {
    if (at == 0 || !guarded_read(at, opcode)) return false;
    at += kInstructionBytes;
  }
  return opcodes.call_returns_object(opcode);
}

// Finds what the call that returns there calls, through the stub if another module has it. Returns
// false if the call cannot be read.
bool find_target(std::uintptr_t return_address, CallTarget& target) {
  std::uint8_t call[kLongestCall];
  std::uint8_t stub[kJumpSlotBytes];
  if (!guarded_copy(call, return_address - sizeof call, sizeof call)) return false;
  target = call_target(call, return_address);
  if (target.function != 0 && guarded_copy(stub, target.function, sizeof stub)) {
    const std::uintptr_t slot = jump_slot(stub, target.function);
    if (slot != 0) guarded_read(slot, target.function);
  }
  return true;
}

// Returns whether the call releases an object, which instructions of all kinds do besides what they
// are for. No result is expected from that.
bool is_deallocation(const PythonRuntimeView& python, const CallTarget& target) {
  return target.member == kDeallocMember ||
         (target.function != 0 && target.function == python.deallocate);
}

// Returns the helper that this function is; null: it is none.
const InstructionHelper* find_helper(const PythonRuntimeView& python, std::uintptr_t function) {
  for (const InstructionHelper& helper : python.helpers) {
    if (helper.function != 0 && helper.function == function) return &helper;
  }
  return nullptr;
}

// Returns whether the call in which the frame of these registers is can return in another way: its
// return address is on the stack, where landing looks for it.
bool is_at_call(const UnwindRegisters& registers) {
  std::uintptr_t returns_to = 0;
  return guarded_read(return_address_place(registers), returns_to) &&
         returns_to == registers.values[kReturnColumn];
}

std::uintptr_t size_of(const Text& text) {
  return text.end - text.begin;
}

// A stack is mapped down to its guard page, or grows down to its limit when it is read.
bool has_room_below(std::uintptr_t stack_pointer) {
  for (std::size_t depth = kPageSize; depth <= kLandingBytes; depth += kPageSize) {
    std::byte byte;
    if (!guarded_read(stack_pointer - depth, byte)) return false;
  }
  return true;
}

class Search {
 public:
  Search(const PythonRuntimeView& python, const ThreadState& thread, const DelicateCode& delicate)
      : python_(python),
        frame_(thread.frame),
        local_(local_of_loop(python, thread)),
        delicate_(delicate) {}

  // If the result is kException, `caller` has the registers of the function whose call is to fail.
  GuardOutcome run(Unwinder& stack, UnwindRegisters& caller) const {
    Callee callee;
    bool has_left = false;
    for (std::uint32_t frames = 0; frames < kMaxUnwound; ++frames) {
      if (!stack.look()) {
        if (has_left || !stack.leave_call_into_nothing()) return GuardOutcome::kNoPythonCall;
      } else {
        if (is_loop(stack)) {
          return has_left ? judge(stack, callee, caller) : GuardOutcome::kNoPythonCall;
        }
        const GuardOutcome outcome = judge_function(stack);
        if (outcome != GuardOutcome::kException) return outcome;
        callee = {stack.function().begin, has_left, stack.registers()};
        if (!stack.leave()) return GuardOutcome::kNoPythonCall;
      }
      has_left = true;
    }
    return GuardOutcome::kNoPythonCall;
  }

 private:
  // The function that was left last, whose caller is being looked at.
  struct Callee {
    std::uintptr_t function = 0;
    bool has_called = false;  // false: it was interrupted itself
    UnwindRegisters registers{};
  };

  // Returns whether this is the frame of the innermost evaluation loop. Parts of it that are rarely
  // used may be functions of their own, with the same frame.
  bool is_loop(const Unwinder& stack) const {
    if (!python_.interpreter.has(stack.program_counter())) return false;
    if (local_ != 0) return local_ >= stack.stack_pointer() && local_ < stack.frame_address();
    return stack.function().begin == python_.eval_loop && knows_frame(stack);
  }

  // Returns whether the C frame has the innermost Python frame in a register or a variable. Up to
  // 3.9, each Python frame has an evaluation loop of its own.
  bool knows_frame(const Unwinder& stack) const {
    constexpr std::uintptr_t kMostBytes = 4096;
    for (const std::uintptr_t value : stack.registers().values) {
      if (value == frame_) return true;
    }
    const std::uintptr_t limit = stack.stack_pointer() + kMostBytes;
    const std::uintptr_t end = stack.frame_address() < limit ? stack.frame_address() : limit;
    for (std::uintptr_t at = stack.stack_pointer(); at < end; at += sizeof at) {
      std::uintptr_t word = 0;
      if (guarded_read(at, word) && word == frame_) return true;
    }
    return false;
  }

  // kException: nothing speaks against cutting this function off.
  GuardOutcome judge_function(const Unwinder& stack) const {
    const std::uintptr_t function = stack.function().begin;
    if (function == python_.eval_loop) return GuardOutcome::kNoPythonCall;
    if (python_.loader.has(stack.program_counter())) return GuardOutcome::kInLoader;
    if (delicate_.allocator_module.has(stack.program_counter()) ||
        contains(delicate_.allocators, delicate_.allocator_count, function)) {
      return GuardOutcome::kInAllocator;
    }
    if (contains(delicate_.collectors, delicate_.collector_count, function)) {
      return GuardOutcome::kInCollector;
    }
    return GuardOutcome::kException;
  }

  GuardOutcome judge(const Unwinder& loop, const Callee& callee, UnwindRegisters& caller) const {
    CallTarget target{};
    if (!is_at_call(loop.registers())) return GuardOutcome::kNoPythonCall;
    if (!has_instructions(loop)) return GuardOutcome::kTailCalls;
    if (!expects_object(python_, frame_) || !find_target(loop.program_counter(), target) ||
        is_deallocation(python_, target)) {
      return GuardOutcome::kNoObject;
    }
    caller = loop.registers();
    if (const InstructionHelper* helper = find_helper(python_, target.function)) {
      if (!goes_on(*helper, callee)) return GuardOutcome::kNoObject;
      caller = callee.registers;
    }
    return has_room_below(caller.values[kStackColumn]) ? GuardOutcome::kException
                                                       : GuardOutcome::kNoStack;
  }

  // Returns whether the evaluation loop has the instructions: all of it, or the part with the call.
  bool has_instructions(const Unwinder& loop) const {
    CallFrameInfo whole;
    return size_of(loop.function()) >= kLeastLoopBytes ||
           (find_call_frame_info(python_, python_.eval_loop, whole) &&
            size_of(whole.function) >= kLeastLoopBytes);
  }

  // Returns whether the helper of an instruction, which the loop has called, goes on rightly with
  // null from what it has called itself.
  bool goes_on(const InstructionHelper& helper, const Callee& callee) const {
    const std::uintptr_t returns_to = callee.registers.values[kReturnColumn];
    CallTarget target{};
    std::uint8_t code[kNullTestBytes];
    if (callee.function != helper.function || !callee.has_called || !is_at_call(callee.registers) ||
        !find_target(returns_to, target) || is_deallocation(python_, target)) {
      return false;
    }
    return !helper.returns_reference ||
           (guarded_copy(code, returns_to, sizeof code) && begins_with_null_test(code));
  }

  const PythonRuntimeView& python_;
  const std::uintptr_t frame_;
  const std::uintptr_t local_;
  const DelicateCode& delicate_;
};

bool is_collecting(const PythonRuntimeView& python, const ThreadState& thread) {
  const PythonLayout& layout = python.layout;
  std::int32_t collecting = 0;
  return layout.runtime.gc_collecting != kAbsent
             ? guarded_read(python.runtime + layout.runtime.gc_collecting, collecting) &&
                   collecting != 0
             : guarded_read(thread.interpreter + layout.interpreter.gc_collecting, collecting) &&
                   collecting != 0;
}

}  // namespace

GuardOutcome find_python_call(const PythonRuntimeView& python, const ThreadState& thread,
                              const Registers& registers, const DelicateCode& delicate,
                              UnwindScratch& scratch, UnwindRegisters& caller) {
  if (!python.layout.opcodes.known() || python.eval_loop == 0) return GuardOutcome::kInterpreter;
  if (delicate.collector_count == 0 && is_collecting(python, thread)) {
    return GuardOutcome::kInCollector;
  }
  Unwinder stack(python, registers, scratch);
  return Search(python, thread, delicate).run(stack, caller);
}

}  // namespace pyfault
