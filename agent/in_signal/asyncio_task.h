// Finds the asyncio task of which a thread is running a step, and the task's name.
//
// Context: see capture.h. Only tasks of the C module _asyncio (or of subclasses of its Task) are
// recognised: their type is checked by name and size before anything else in them is trusted.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/python_attribute.h"
#include "agent/in_signal/python_string.h"

namespace pyfault {

// Before 3.14: returns whether `name` is that of the method that runs a loop's callbacks
// (asyncio.events.Handle._run). False from 3.14 on, where the thread state names the task.
inline bool is_handle_run(const PythonRuntimeView& python, const StringView& name) {
  constexpr char kRun[] = "_run";
  return name.units == sizeof kRun - 1 && python.layout.thread.running_task == kAbsent &&
         string_equals(name, kRun, sizeof kRun - 1);
}

// Before 3.14: `frame` is the address of a frame that runs a method of a Handle. Returns the task
// whose step is the callback of that Handle; 0 if the callback is something else.
std::uintptr_t find_callback_task(const PythonRuntimeView& python, std::uintptr_t frame);

struct TaskName {
  StringView text;
  // n if the name is "Task-n", which 3.12 and later format only when it is requested; else 0.
  std::uint64_t number = 0;
};

// Returns neither text nor number if `task` is 0 or not a task.
TaskName find_task_name(const PythonRuntimeView& python, std::uintptr_t task);

}  // namespace pyfault
