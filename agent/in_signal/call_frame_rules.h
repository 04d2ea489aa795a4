// Where the caller's registers are, at one place in a function: the outcome of its call frame
// information there.
//
// Context: see capture.h. Every read is guarded; bounded by the length of the programs.
#pragma once

#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/in_signal/call_frame_info.h"

namespace pyfault {

// Where the caller's value of a register is. The frame's address is what the stack pointer was
// before the call (DWARF: the canonical frame address).
struct RegisterRule {
  enum class Kind : std::uint8_t {
    kSame,
    kUndefined,
    kAtOffset,      // in memory, at the frame's address + value
    kOffset,        // the frame's address + value
    kInRegister,    // number `value`
    kAtExpression,  // in memory, at the address that the expression at `value` gives
    kExpression,    // what the expression at `value` gives
    kRegisterPlus,  // the register `number` + value; the frame's address only
  };

  Kind kind = Kind::kSame;
  std::uint8_t number = 0;
  std::int64_t value = 0;
};

struct CallFrameRules {
  RegisterRule frame_address;
  RegisterRule registers[kUnwindColumns];
};

// Memory for what a program of call frame instructions remembers.
struct RulesScratch {
  CallFrameRules initial;
  CallFrameRules remembered[8];
};

// Finds the rules for `address`, which `info` is about. Returns false if the information is not
// understood.
bool find_rules(const CallFrameInfo& info, std::uintptr_t address, RulesScratch& scratch,
                CallFrameRules& rules);

}  // namespace pyfault
