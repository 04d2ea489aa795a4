// Up to 3.10 each Python function runs in an evaluation loop of its own, so that the C stack of its
// thread has a pointer to each frame that runs, callers further out. There is nothing else to tell
// the end of a chain of frames from a link that was overwritten with zero.
//
// Context: see capture.h. Every read is guarded; bounded by kMaxStackBytes, and by the chains of
// all threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/in_signal/python_layout.h"

namespace pyfault {

inline constexpr std::size_t kMaxStackBytes = std::size_t{256} << 10;

// The frame that called `frame`, the outermost that a walk over the chain of `thread` (its
// PyThreadState) has come to: it runs, no thread's chain leads to it, and it is the interpreter's
// own code that lies between the two on the stack. 0: there is none. A library that switches stacks
// (greenlet) ends a chain too, and has its own code between them; so has one that calls back, whose
// zeroed links are therefore not told from ends.
std::uintptr_t caller_on_stack(const PythonRuntimeView& python, std::uintptr_t thread,
                               std::uintptr_t frame);

}  // namespace pyfault
