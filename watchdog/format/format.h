// Event -> text. Pure: a value in, a string out; no clock, no file, no locale.
//
// What they return is a whole report, ending in a newline, ready to be written in one piece; or an
// empty string when the format has nothing to say about the event. All text that comes from the
// watched process is escaped: no report can hold a raw control character (but the newlines that
// the format itself puts), a bidirectional control, or a forged line.
#pragma once

#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// For people. Crashes, dumps, notices, and exits by a signal that left no record; nothing else.
std::string format_text(const Event& event);

// One JSON object on one line: the "pyfault/1" events of the README.
std::string format_json(const Event& event);

// What CPython's own faulthandler would have printed, byte for byte, for a crash or a dump; nothing
// for other events.
std::string format_faulthandler(const Event& event);

}  // namespace pyfault
