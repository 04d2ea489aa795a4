// Text reports on a terminal.
#pragma once

#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// The text report, with the escape sequences of a terminal: what happened in the colour of its
// severity, threads bold, the marks below source lines red. Without these it is the text report.
std::string format_coloured_text(const Event& event);

}  // namespace pyfault
