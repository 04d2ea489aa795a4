// The asyncio task that a thread is running a step of, and its name.
//
// Context: see capture.h. Only tasks made by the C module _asyncio (or subclasses of its Task) are
// recognised: their type is checked by name and size before anything else in them is believed.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/python_string.h"

namespace pyfault {

// Is `name` the name of the method that runs a loop's callbacks (asyncio.events.Handle)?
bool is_handle_run(const PythonRuntimeView& python, const StringView& name);

// Before 3.14: the task whose step is the callback of the Handle that `frame` is a method of. 0
// where that runs something else.
std::uintptr_t find_callback_task(const PythonRuntimeView& python, std::uintptr_t frame);

struct TaskName {
  StringView text;
  std::uint64_t number =
      0;  // n: the name is "Task-n", which 3.12 and later make when it is asked for
};

// Neither text nor number where `task` is 0 or no task.
TaskName find_task_name(const PythonRuntimeView& python, std::uintptr_t task);

}  // namespace pyfault
