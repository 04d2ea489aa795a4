// Formatters turn an event into a report.
#pragma once

#include <functional>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/format/log_format.h"

namespace pyfault {

// Pure; may be called on any thread. An empty result means no report.
using Formatter = std::function<std::string(const Event&)>;

Formatter formatter_for(LogFormat format);

}  // namespace pyfault
