// Finds the frame of a running generator. Generators, coroutines and asynchronous generators keep
// their frames in their own objects (3.11 on). Where the chain of frames is broken, such a frame is
// found through the frame that has resumed the generator and holds it in a variable or on its
// evaluation stack. Stale values do no harm: a generator that is finished or suspended does not
// run.
//
// Context: see capture.h. Every read is guarded; bounded by the size of the frame.
#pragma once

#include <cstdint>

#include "agent/cpython/python_layout.h"

namespace pyfault {

// Returns the frame of the only running generator among the values of `frame`; 0 if there is none,
// or more than one.
std::uintptr_t running_generator_of(const PythonRuntimeView& python, std::uintptr_t frame);

}  // namespace pyfault
