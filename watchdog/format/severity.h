// How much an event matters, in syslog's numbers, which journald has too.
#pragma once

#include <string_view>

#include "watchdog/event/event.h"

namespace pyfault {

enum class Severity { kCritical = 2, kError = 3, kWarning = 4, kNotice = 5, kInformation = 6 };

// "critical", "error", "warning", "notice", "info".
std::string_view name_of(Severity severity);

// A crash and a crash loop are critical. An end is an error when the kernel or the restart policy
// did it, a warning when it came unasked, and information else.
Severity severity_of(const Event& event);

}  // namespace pyfault
