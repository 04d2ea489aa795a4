// An event as an entry of systemd's journal. Pure.
//
// One entry an event, the whole traceback in its MESSAGE: journald drops what comes too fast
// without a word, so there is never one entry a frame.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/event/event_kind.h"

namespace pyfault {

// MESSAGE_ID of each kind of event, by enumerator. They are promises: `journalctl MESSAGE_ID=...`
// and the catalogue (systemd/pyfault-watchdog.catalog) go by them.
inline constexpr std::array<std::string_view, kEventKindNames.size()> kMessageIds = {
    "e076bb78812d40a68a7812301c78d913",  // start
    "0bddb76f0b524c239c4f6b61c5448ee3",  // ready
    "9920e802af28499aa863318fe369e074",  // restart
    "0b7471c579644772864549ebc98f5c45",  // crash
    "d09755b45918427cb03f53592f5497f6",  // dump
    "ab04a11f399d4ff3a169e51cd22f7213",  // exit
    "4e71b2f591054a00bb85a146730fd9ac",  // crash-loop
    "021b6b844cec4079843a53b3cd82f77a",  // recovered
    "152029ba48a7477dba20fd78083a0f7a",  // handler-replaced
    "7c1f6a0de5b84d0c9a3b51e2f4d86097",  // unwatched
    "4345195434804e9e8644db201083b658",  // notice
};

// systemd-coredump's own, by which coredumpctl finds its entries.
inline constexpr std::string_view kCoredumpMessageId = "fc2e22bc6ee647b6b90729ab34a250b1";

using JournalField = std::pair<std::string_view, std::string>;

// MESSAGE (`message`), MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER, OBJECT_PID (so that journald adds
// what it knows of the process), CODE_FILE, CODE_LINE and CODE_FUNC of the top frame, TID of the
// faulting thread, PYFAULT_EVENT, PYFAULT_TIME, PYFAULT_WORKER, PYFAULT_PID, PYFAULT_NAME,
// PYFAULT_EXECUTABLE, PYFAULT_COMMAND, of a crash or dump PYFAULT_CRASH_ID, PYFAULT_FINGERPRINT,
// PYFAULT_SIGNAL, PYFAULT_SIGNAL_CODE, PYFAULT_PYTHON and PYFAULT_THREAD, of an exit
// PYFAULT_CRASH_ID, PYFAULT_REASON, PYFAULT_UPTIME_SECONDS, PYFAULT_MAX_RSS_BYTES, and EXIT_CODE
// (exited, killed, dumped) and EXIT_STATUS as systemd has them. What is unknown is left out.
std::vector<JournalField> journal_fields(const Event& event, std::string message);

// What systemd-coredump would have logged, without a core: `coredumpctl list` and `info` show it.
// Empty but for crashes.
std::vector<JournalField> coredump_fields(const Event& event);

// The datagram of the journal's native protocol; empty without fields.
std::string journal_entry(const std::vector<JournalField>& fields);

}  // namespace pyfault
