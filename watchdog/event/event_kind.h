// What all events of one kind have in common. Each kind's constant is next to its struct in
// event.h; all logs work from that, unless the content of an event decides more. See
// watchdog/README.md, "How to add an event".
#pragma once

#include <string_view>

namespace pyfault {

// The severity of an event, in the numbers of syslog, which journald uses too.
enum class Severity { kCritical = 2, kError = 3, kWarning = 4, kNotice = 5, kInformation = 6 };

// "critical", "error", "warning", "notice", "info".
std::string_view name_of(Severity severity);

struct EventKind {
  std::string_view name;        // "crash-loop": in JSON, in filters, and as syslog's MSGID
  std::string_view message_id;  // journald's MESSAGE_ID; stable, explained in the message catalogue
  Severity severity;            // unless it depends on the content of the event
  std::string_view sentence{};  // "is ready", after the name of the worker or process; empty if it
                                // depends on the content of the event (format/message.cc)

  bool operator==(const EventKind&) const = default;
};

}  // namespace pyfault
