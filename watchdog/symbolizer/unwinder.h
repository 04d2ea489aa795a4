// Unwinds a stack, and looks for its rest where a part of it is damaged or missing.
#pragma once

#include <string>
#include <vector>

#include "watchdog/symbolizer/code_map.h"
#include "watchdog/symbolizer/input.h"
#include "watchdog/symbolizer/walker.h"

namespace pyfault {

struct UnwoundFrames {
  std::vector<StackFrame> frames;  // innermost first; at least one
  bool is_complete = false;
  std::string incomplete_reason;
};

UnwoundFrames unwind(const Stack& stack, CodeMap& code);

}  // namespace pyfault
