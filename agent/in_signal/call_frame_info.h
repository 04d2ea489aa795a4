// Finds what a module says about how a function of its keeps its caller's registers: the call frame
// information of .eh_frame, by the sorted table in .eh_frame_hdr.
//
// Context: see capture.h. Every read is guarded; bounded by the number of modules (loaded_code.h)
// and the depth of a binary search.
#pragma once

#include <cstdint>

#include "agent/cpython/python_layout.h"

namespace pyfault {

struct CallFrameInfo {
  Text function;  // all of the function's code, or the part that was split off as rarely used
  // Two programs of call frame instructions: one that many functions share, and the function's own.
  Text shared_program, program;
  std::uint64_t code_alignment;
  std::int64_t data_alignment;
};

// Returns false if no module says anything about the code at `address`, or nothing that is
// understood here.
bool find_call_frame_info(const PythonRuntimeView& python, std::uintptr_t address,
                          CallFrameInfo& info);

}  // namespace pyfault
