// Determines the severity of an event.
#pragma once

#include "watchdog/event/event.h"

namespace pyfault {

// Returns the severity of the event's kind, unless the content decides: an exit is an error after
// an OOM kill, a failed start or giving up, information if it was requested or has code 0, and a
// warning otherwise; a dump before a signal from another process is a warning; and a process that
// is unwatched because it runs no Python is information.
Severity severity_of(const Event& event);

}  // namespace pyfault
