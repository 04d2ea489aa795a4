// Notices: events that tell the operator about the watching itself.
#pragma once

#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// "python3[123]"
std::string name_and_pid(const Process& process);

// This watchdog, for notices that concern no other process.
Process ourselves();

// A notice about `process`, with the current time.
Event notice(Process process, std::string message);

}  // namespace pyfault
