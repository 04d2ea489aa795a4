// Unwinds the C stack of the calling thread, from a place at which it was interrupted, by the call
// frame information that compilers write for exceptions and debuggers.
//
// Context: see capture.h. Every read is guarded. Each step goes up the stack; the caller bounds
// their number.
#pragma once

#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/cpython/python_layout.h"
#include "agent/in_signal/call_frame_rules.h"

namespace pyfault {

// Memory for one unwinding at a time, too large for a stack. It remembers the rules of the last
// places: a recursion returns to the same few places again and again.
struct UnwindScratch {
  struct Place {
    std::uintptr_t address = 0;
    Text function;
    CallFrameRules rules;
  };

  RulesScratch rules;
  Place places[32];
};

class Unwinder {
 public:
  // Forgets the rules of earlier unwindings: modules may have been unloaded since.
  Unwinder(const PythonRuntimeView& python, const Registers& registers, UnwindScratch& scratch);

  // Finds what is known about the current frame. Returns false if that is nothing.
  bool look();
  // Of the current frame, after look().
  const Text& function() const { return place_->function; }
  std::uintptr_t frame_address() const { return frame_address_; }

  // Goes to the frame of the caller, after look(). Returns false if there is none, or if it cannot
  // be read.
  bool leave();

  // Leaves a function of which only the call has happened: a call to where there is no code.
  bool leave_call_into_nothing();

  std::uintptr_t program_counter() const { return registers_.values[kReturnColumn]; }
  std::uintptr_t stack_pointer() const { return registers_.values[kStackColumn]; }
  const UnwindRegisters& registers() const { return registers_; }

 private:
  UnwindScratch::Place* find_place(std::uintptr_t address);
  bool apply(const RegisterRule& rule, std::uintptr_t own, std::uintptr_t& value) const;

  const PythonRuntimeView& python_;
  UnwindScratch& scratch_;
  UnwindRegisters registers_;
  const UnwindScratch::Place* place_ = nullptr;
  std::uintptr_t frame_address_ = 0;
  bool is_interrupted_ = true;  // not at a call: the innermost frame
};

}  // namespace pyfault
