// What all events of one kind have in common. Each kind's constant stands beside its struct in
// event.h, and the logs know nothing else of it: see watchdog/README.md, "How to add an event".
#pragma once

#include <string_view>

namespace pyfault {

// How much an event matters, in syslog's numbers, which journald uses too.
enum class Severity { kCritical = 2, kError = 3, kWarning = 4, kNotice = 5, kInformation = 6 };

// "critical", "error", "warning", "notice", "info".
std::string_view name_of(Severity severity);

struct EventKind {
  std::string_view name;        // "crash-loop": in JSON, in filters, and as syslog's MSGID
  std::string_view message_id;  // journald's MESSAGE_ID; a promise, explained in the catalogue
  Severity severity;            // of those events whose content does not decide it
  std::string_view sentence{};  // "is ready", after the name of the worker or process; empty where
                                // the content decides it (format/message.cc)

  bool operator==(const EventKind&) const = default;
};

}  // namespace pyfault
