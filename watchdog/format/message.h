// Describes an event for logs that record the time and the host separately, and need a message for
// every event.
#pragma once

#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// Returns the text report without time, host and final newline, or sentence_of() if the text report
// is empty. Escaped like the report.
std::string message_of(const Event& event);

// Returns the event as JSON on one line, without a newline.
std::string json_message_of(const Event& event);

// Returns one sentence without a full stop: "python3[12] crashed: SIGSEGV (SEGV_MAPERR) in work,
// app.py line 3: it read through a null pointer". Escaped like the report.
std::string sentence_of(const Event& event);

// Returns the innermost frame of the faulting thread, or nullptr if there is none.
const Frame* top_frame(const Crash& crash);

}  // namespace pyfault
