// CPython 3.9, where it differs from 3.8.
#pragma once

#include "agent/cpython/v3_8.h"

namespace pyfault {

inline constexpr PythonLayout kLayout39 = [] {
  PythonLayout layout = kLayout38;
  layout.minor = 9;
  layout.runtime.current_thread = 568;
  layout.runtime.gc_collecting = kAbsent;
  layout.interpreter.id = 24;
  layout.interpreter.gc_collecting = 816;
  layout.attribute.type_cached_keys = 864;
  layout.task.size = 184;
  layout.task.name = 160;
  return layout;
}();

}  // namespace pyfault
