#include "agent/in_signal/python_call.h"

#include "agent/arch/instructions.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

constexpr std::uint8_t kOwnedByCStack = 3;  // FRAME_OWNED_BY_CSTACK, the owner of a shim (to 3.13)
constexpr int kDeallocMember = 48;          // of tp_dealloc in a PyTypeObject, in all versions

bool contains(const std::uintptr_t* functions, std::uint32_t count, std::uintptr_t function) {
  for (std::uint32_t index = 0; index < count; ++index) {
    if (functions[index] == function) return true;
  }
  return false;
}

// Returns an address among the local variables of the innermost evaluation loop: of its cframe
// (3.10 to 3.12) or its shim (3.13). 0: there is none, or it is not found.
std::uintptr_t local_of_loop(const PythonRuntimeView& python, const ThreadState& thread) {
  const PythonLayout::FrameStruct& layout = python.layout.frame;
  if (thread.cframe != 0 || layout.owner == kAbsent) return thread.cframe;
  std::uintptr_t frame = thread.frame;
  for (std::uint32_t links = 0; links < kMaxUnwound && plausible_object(frame); ++links) {
    std::uint8_t owner = 0;
    if (!guarded_read(frame + layout.owner, owner)) return 0;
    if (owner == kOwnedByCStack) return frame;
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

// Returns whether the call releases an object, which instructions of all kinds do besides what they
// are for. No result is expected from that.
bool is_deallocation(const PythonRuntimeView& python, std::uintptr_t return_address) {
  std::uint8_t call[kLongestCall];
  std::uint8_t stub[kJumpSlotBytes];
  if (!guarded_copy(call, return_address - sizeof call, sizeof call)) return true;
  const CallTarget target = call_target(call, return_address);
  if (target.member == kDeallocMember) return true;
  if (target.function == 0 || python.deallocate == 0) return false;
  std::uintptr_t function = target.function;
  if (guarded_copy(stub, function, sizeof stub)) {
    const std::uintptr_t slot = jump_slot(stub, function);
    if (slot != 0) guarded_read(slot, function);
  }
  return function == python.deallocate;
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

  GuardOutcome run(Unwinder& stack) const {
    bool has_left = false;
    for (std::uint32_t frames = 0; frames < kMaxUnwound; ++frames) {
      if (!stack.look()) {
        if (has_left || !stack.leave_call_into_nothing()) return GuardOutcome::kNoPythonCall;
      } else {
        if (is_loop(stack)) return has_left ? judge(stack) : GuardOutcome::kNoPythonCall;
        const GuardOutcome outcome = judge_function(stack);
        if (outcome != GuardOutcome::kException) return outcome;
        if (!stack.leave()) return GuardOutcome::kNoPythonCall;
      }
      has_left = true;
    }
    return GuardOutcome::kNoPythonCall;
  }

 private:
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

  GuardOutcome judge(const Unwinder& stack) const {
    std::uintptr_t returns_to = 0;
    if (!guarded_read(return_address_place(stack.registers()), returns_to) ||
        returns_to != stack.program_counter()) {
      return GuardOutcome::kNoPythonCall;
    }
    if (!expects_object(python_, frame_) || is_deallocation(python_, returns_to)) {
      return GuardOutcome::kNoObject;
    }
    return has_room_below(stack.stack_pointer()) ? GuardOutcome::kException
                                                 : GuardOutcome::kNoStack;
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
  const GuardOutcome outcome = Search(python, thread, delicate).run(stack);
  caller = stack.registers();
  return outcome;
}

}  // namespace pyfault
