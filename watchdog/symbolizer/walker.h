// Steps from frame to frame of a stack, outwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "watchdog/crash/native.h"
#include "watchdog/symbolizer/code_map.h"
#include "watchdog/symbolizer/registers.h"
#include "watchdog/symbolizer/stack_memory.h"

namespace pyfault {

// A frame, and how it was found.
struct Position {
  Registers registers;
  Trust trust = Trust::kContext;
  bool is_return_address = false;  // the frame has called; its caller continues at the address

  // An address within the instruction that the frame is executing.
  std::uint64_t code() const { return registers.program_counter() - (is_return_address ? 1 : 0); }
};

struct StackFrame {
  std::uint64_t address = 0;  // the program counter
  std::uint64_t stack_pointer = 0;
  Trust trust = Trust::kContext;
  bool is_return_address = false;
  bool is_signal_frame = false;
  bool is_after_gap = false;
  std::uint64_t function = 0;  // where its code begins (FunctionTable); 0: unknown

  std::uint64_t code() const { return address - (is_return_address ? 1 : 0); }
};

// Why there is no frame above the last one.
enum class Stop {
  kOutermost,        // it has no caller
  kZero,             // its return address is zero
  kNotCaptured,      // its return address is in a part of the stack that was not copied
  kUnknownRegister,  // its caller cannot be told without a register that is not known
  kNoRules,          // nothing tells how to unwind it
  kNotCode,          // its return address does not lead to code
  kNoProgress,       // its caller would lie at the same place or below
  kTooMany,          // there are more frames than wanted
};

class Walker {
 public:
  // Steps in all, of all walks: some of them are only tried.
  static constexpr std::size_t kMaxSteps = 200'000;

  // `anchors`: addresses within frames of the interpreter's evaluation function.
  Walker(CodeMap& code, const StackMemory& memory, std::span<const std::uint64_t> anchors)
      : code_(code), memory_(memory), anchors_(anchors) {}

  // Appends the frame at `position`, whose program counter must lead to code, and those above it,
  // until there are `limit` frames. Leaves `position` at the last one.
  Stop walk(Position& position, std::size_t limit, std::vector<StackFrame>& frames);

  // Returns the caller of a frame whose program counter led nowhere, if it was called.
  std::optional<Position> caller_at_top_of_stack(const Registers& registers);

 private:
  using Step = std::variant<Position, Stop>;

  Step step(const Position& frame, StackFrame& found, const StackFrame* called);
  Step step_by_rules(LoadedModule& module, const FrameRules& rules, const Position& frame);
  std::optional<Position> step_through_trampoline(const Position& frame, const StackFrame* called);
  std::optional<Position> step_by_frame_pointer(const Position& frame);
  bool may_be_return_address(std::uint64_t address) const;
  bool may_have_called(const Position& caller) const;
  bool is_missing_part(std::uint64_t address, std::uint64_t stack_pointer) const;

  CodeMap& code_;
  const StackMemory& memory_;
  std::span<const std::uint64_t> anchors_;
  std::size_t steps_left_ = kMaxSteps;
};

}  // namespace pyfault
