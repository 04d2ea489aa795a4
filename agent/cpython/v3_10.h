// CPython 3.10, where it differs from 3.9.
#pragma once

#include "agent/cpython/v3_9.h"

namespace pyfault {

inline constexpr PythonLayout kLayout310 = [] {
  PythonLayout layout = kLayout39;
  layout.minor = 10;
  layout.line_table = LineTable::kPep626;
  layout.position = FramePosition::kCodeUnitOffset;
  layout.thread.cframe = 48;
  layout.thread.root_cframe = 264;
  layout.thread.cframe_previous = 8;
  layout.frame.size = 100;
  layout.frame.position = 96;
  layout.frame.locals = 352;
  layout.frame.state = 108;
  layout.executing = 0;
  layout.attribute.type_cached_keys = 872;
  layout.task.size = 192;
  layout.task.name = 168;
  return layout;
}();

}  // namespace pyfault
