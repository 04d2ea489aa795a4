// Generators, coroutines and asynchronous generators keep their frames in their own objects (3.11
// on). Where the chain of frames is broken, such a frame is found through the one that resumed the
// generator, which has it in a variable or on its evaluation stack. Values left there from before
// do no harm: a generator that has ended, or waits, does not run.
//
// Context: see capture.h. Every read is guarded; bounded by the size of the frame.
#pragma once

#include <cstdint>

#include "agent/in_signal/python_layout.h"

namespace pyfault {

// The frame of the one generator among the values of `frame` that runs. 0: there is none, or more
// than one.
std::uintptr_t running_generator_of(const PythonRuntimeView& python, std::uintptr_t frame);

}  // namespace pyfault
