// An event in words for logs that have the time and the host from elsewhere, and want a word about
// everything.
#pragma once

#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// The text report without time, host and last newline; where that has nothing to say, one sentence.
// Escaped as the report is.
std::string message_of(const Event& event);

// What has happened in one sentence, without a full stop: "python3[12] crashed: SIGSEGV
// (SEGV_MAPERR) in work, app.py line 3". Escaped as the report is.
std::string sentence_of(const Event& event);

// The frame that the crash is about: the faulting thread's most recent one, nullptr where there is
// none.
const Frame* top_frame(const Crash& crash);

}  // namespace pyfault
