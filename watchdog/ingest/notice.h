// Notices: what the operator should know about the watching itself.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

std::int64_t realtime_now_ns();

// "python3[123]"
std::string name_and_pid(const Process& process);

// The watchdog itself, for what it has to say of no other process.
Process ourselves();

// Now, about `process`.
Event notice(Process process, std::string message);

}  // namespace pyfault
