// What machine instructions and the registers of a trap tell. Pure functions: their caller has read
// the memory.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <signal.h>
#include <sys/ucontext.h>

#include <cstddef>
#include <cstdint>

#include "agent/arch/processor.h"

namespace pyfault {

// The machine code on both sides of a program counter; zeros where it cannot be read.
struct NearbyCode {
  std::uint8_t before[kSystemCallBytes];
  std::uint8_t at[kTrapBytes];
};

// A siginfo's account of a trap.
struct Trap {
  int code;  // si_code; 0: the trap cannot have caused the signal
  std::uintptr_t address;
};

// Finds how the thread with these registers came to receive `signal`. A signal frame contains the
// data of the thread's last trap, however old; a thread that was interrupted right after a system
// call has not faulted: its signal was sent. SEGV_MAPERR also stands for SEGV_ACCERR, because only
// the kernel knows which addresses are mapped.
Trap find_trap(int signal, const mcontext_t& machine, const NearbyCode& code);

// Returns whether these bytes may end with a call instruction, so the address after them may be a
// return address.
bool ends_with_call(const std::uint8_t (&code)[kLongestCall]);

// What a call instruction calls.
struct CallTarget {
  std::uintptr_t function;  // that it names; 0: none
  int member;               // or the offset of the pointer in memory that it calls; -1: none
};
// `code` are the bytes before `return_address`, and end with a call.
CallTarget call_target(const std::uint8_t (&code)[kLongestCall], std::uintptr_t return_address);

// Returns whether this code, to which a call returns, compares the whole result with null at once.
bool begins_with_null_test(const std::uint8_t (&code)[kNullTestBytes]);

// Returns the address of the pointer through which the code at `address` jumps to a function of
// another module; 0 if the code is no such stub.
std::uintptr_t jump_slot(const std::uint8_t (&code)[kJumpSlotBytes], std::uintptr_t address);

}  // namespace pyfault
