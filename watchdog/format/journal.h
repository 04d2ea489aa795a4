// Formats an event as an entry of systemd's journal. Pure.
//
// Each event is one entry, with the whole traceback in its MESSAGE: journald silently drops entries
// above its rate limit, so there is never one entry per frame.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

// The MESSAGE_ID of systemd-coredump, by which coredumpctl finds its entries.
inline constexpr std::string_view kCoredumpMessageId = "fc2e22bc6ee647b6b90729ab34a250b1";

using JournalField = std::pair<std::string, std::string>;

// MESSAGE (`message`), MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER, OBJECT_PID (so that journald adds
// what it knows of the process), CODE_FILE, CODE_LINE and CODE_FUNC of the top frame, TID of the
// faulting thread, PYFAULT_EVENT, PYFAULT_TIME, PYFAULT_WORKER, PYFAULT_PID, PYFAULT_NAME,
// PYFAULT_EXECUTABLE, PYFAULT_COMMAND, of a crash or dump PYFAULT_CRASH_ID, PYFAULT_FINGERPRINT,
// PYFAULT_SIGNAL, PYFAULT_SIGNAL_CODE, PYFAULT_DIAGNOSIS (a sentence), PYFAULT_DIAGNOSIS_KIND,
// PYFAULT_PYTHON and PYFAULT_THREAD, of an exit PYFAULT_CRASH_ID, PYFAULT_REASON,
// PYFAULT_UPTIME_SECONDS, PYFAULT_MAX_RSS_BYTES, and EXIT_CODE (exited, killed, dumped) and
// EXIT_STATUS as systemd has them; of other kinds their members, such as PYFAULT_RESTARTS. Unknown
// values are left out. Of an exit, a crash or a dump also what the process has said about itself:
// PYFAULT_ANNOTATION_TASK and the like for the first 16 annotations whose keys have only letters,
// digits and underscores, PYFAULT_BREADCRUMBS (a line for each), PYFAULT_HEARTBEAT_AGE_SECONDS.
std::vector<JournalField> journal_fields(const Event& event, std::string message);

// The fields that systemd-coredump would have logged, without a core; `coredumpctl list` and `info`
// show the entry. Empty for all events but crashes.
std::vector<JournalField> coredump_fields(const Event& event);

// Serializes the fields for the journal's native protocol. Empty if there are none.
std::string journal_entry(const std::vector<JournalField>& fields);

}  // namespace pyfault
