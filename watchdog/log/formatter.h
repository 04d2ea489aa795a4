// What makes a report of an event.
#pragma once

#include <functional>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/format/log_format.h"

namespace pyfault {

// Pure, and for any thread. An empty report is none.
using Formatter = std::function<std::string(const Event&)>;

Formatter formatter_for(LogFormat format);

}  // namespace pyfault
