// How much an event matters.
#pragma once

#include "watchdog/event/event.h"

namespace pyfault {

// That of its kind. An exit is an error when the kernel or the restart policy caused it, a warning
// when it came unasked, and information otherwise.
Severity severity_of(const Event& event);

}  // namespace pyfault
