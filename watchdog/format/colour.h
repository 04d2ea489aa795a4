// Colours text reports for a terminal.
#pragma once

#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// Returns the text report with terminal escape sequences: the headline in the colour of its
// severity, threads in bold, the marks below source lines in red. The text itself is unchanged.
std::string format_coloured_text(const Event& event);

}  // namespace pyfault
