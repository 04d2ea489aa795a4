// The native part of a crash in JSON.
#pragma once

#include <vector>

#include "watchdog/crash/crash.h"
#include "watchdog/format/json_values.h"

namespace pyfault {

// threads[].stack
Json stack_json(const std::vector<StackEntry>& stack);
// threads[].native
Json native_json(const NativeStack& native);

// registers, instruction, modules and diagnosis
void add_native_members(Json& json, const Crash& crash);

}  // namespace pyfault
