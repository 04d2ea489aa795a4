// Formats an event as text. Pure: no clock, no files, no locale.
//
// Each function returns a whole report that ends in a newline, ready to be written in one piece, or
// an empty string if the format does not cover the event. All text from the watched process is
// escaped: no report can contain a raw control character (except the newlines of the format
// itself), a bidirectional control, or a forged line.
#pragma once

#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// For people. Crashes, dumps, notices, and exits by a signal that left no record; nothing else. Of
// native stacks, frames that belong to the interpreter itself are folded, unless the event says
// native_full (stack_folds.h).
std::string format_text(const Event& event);

// One JSON object on one line: the "pyfault/1" schema of pyfault-events(5).
std::string format_json(const Event& event);

// What CPython's faulthandler would have printed, byte for byte, for a crash or a dump of the
// version that the crash names; empty for other events. "Extension modules: ..." is not part of a
// record. From 3.14 on, the C stack follows if it is known, in CPython's form, but without the
// frames of CPython's handler, and with the names of functions that CPython cannot know. Where
// faulthandler itself fails (before 3.13.10 it dies at an unreadable frame; since 3.14 it loses the
// callers of a specialised __init__), the traceback continues as far as the record does.
std::string format_faulthandler(const Event& event);

}  // namespace pyfault
