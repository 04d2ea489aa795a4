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

// One JSON object on one line: the "pyfault/1" events of pyfault-events(5).
std::string format_json(const Event& event);

// What CPython's own faulthandler would have printed, byte for byte, for a crash or a dump by the
// version that the crash names (3.8 to 3.15); nothing for other events. Up to the end of the last
// thread: "Extension modules: ..." and 3.14's C stack are no part of a record and are left out.
// Where faulthandler itself would have gone wrong (it dies at an unreadable frame before 3.13.10,
// it loses the callers of a specialised __init__ from 3.14 on) the traceback goes on as far as the
// record does.
std::string format_faulthandler(const Event& event);

}  // namespace pyfault
