// Finds the caller of a frame on the C stack (3.8 to 3.10). Up to 3.10, each Python function runs
// in an evaluation loop of its own, so the C stack of its thread contains a pointer to each running
// frame, callers further out. Nothing else tells the end of a chain of frames from a link that was
// overwritten with zero.
//
// Context: see capture.h. Every read is guarded; bounded by kMaxStackBytes, by the number of
// modules for each word (loaded_code.h), and by the length of all threads' chains.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/cpython/python_layout.h"

namespace pyfault {

inline constexpr std::size_t kMaxStackBytes = std::size_t{256} << 10;

struct CallerOnStack {
  std::uintptr_t frame = 0;  // 0: none
  bool is_in_doubt = false;  // a frame was found that may be the caller, or in another chain
};

// Returns the frame that called `frame`, the outermost one that a walk over the chain of `thread`
// (its PyThreadState) has reached. The caller must be running, no thread's chain may lead to it,
// and of all modules' code only the interpreter's own may lie between the two on the stack. If not
// all threads' chains can be followed, the caller is in doubt. A library that switches stacks
// (greenlet) also ends a chain, with its own code between the frames. So does a library that calls
// back into Python, whose zeroed links therefore cannot be told from ends.
CallerOnStack caller_on_stack(const PythonRuntimeView& python, std::uintptr_t thread,
                              std::uintptr_t frame);

}  // namespace pyfault
