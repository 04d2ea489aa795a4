// Finds the call from Python to C code in which a thread was interrupted, and decides whether that
// call may return an error in its place.
//
// The evaluation loop of the interpreter calls C functions. If one of them is to fail, it is enough
// to give the loop its own registers back, as the unwinding of the C stack finds them, and to
// return null where the call was to return. The C code in between is cut off: its locks stay
// locked, and its memory and references are lost. From 3.15 on, the loop calls helpers for some of
// its instructions, which release what the instruction holds; there, the helper's call returns
// null.
//
// Context: see capture.h. Every read is guarded; bounded by kMaxUnwound frames.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/cpython/python_layout.h"
#include "agent/in_signal/thread_list.h"
#include "agent/in_signal/unwinder.h"
#include "shared/record.h"

namespace pyfault {

// An overflown stack of 8 MiB has at most so many frames of the smallest size.
inline constexpr std::uint32_t kMaxUnwound = 1u << 20;

// The exception is made on the same stack, below the frame of the evaluation loop.
inline constexpr std::size_t kLandingBytes = std::size_t{64} << 10;

// Code in the middle of which nothing may be cut off, as what it has locked or half written is
// needed everywhere.
struct DelicateCode {
  static constexpr std::uint32_t kMost = 32;

  std::uintptr_t allocators[kMost];  // functions
  std::uint32_t allocator_count;
  Text allocator_module;             // all of it, if it is not the C library
  std::uintptr_t collectors[kMost];  // functions; none: not known
  std::uint32_t collector_count;
};

// `registers`: those of the calling thread where it was interrupted. `thread`: its state. If the
// result is kException, `caller` has the registers of the evaluation loop, or of its helper, where
// the call is to return.
GuardOutcome find_python_call(const PythonRuntimeView& python, const ThreadState& thread,
                              const Registers& registers, const DelicateCode& delicate,
                              UnwindScratch& scratch, UnwindRegisters& caller);

}  // namespace pyfault
