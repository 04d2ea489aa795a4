// Formats an event as a syslog message. Pure.
//
// A traceback is one message and keeps its newlines: datagrams and octet-counted frames can carry
// them, receivers escape them if necessary (rsyslog: #012), and several messages could be
// interleaved with others, or lost separately. For receivers that accept only single lines there is
// JSON.
#pragma once

#include <cstddef>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/format/log_format.h"

namespace pyfault {

enum class SyslogProtocol {
  kRfc5424,  // with structured data [pyfault@32473 ...]
  kLocal,    // the format of syslog(3), with the data in the message, for readers of /dev/log
};

struct SyslogStyle {
  SyslogProtocol protocol = SyslogProtocol::kRfc5424;
  int facility = 3;  // daemon
  std::string app_name = "pyfault-watchdog";
  LogFormat format = LogFormat::kText;  // of MSG; kJson is prefixed with "@cee:" for collectors
  // The maximum message size in bytes. Longer messages are abridged (format/abridge.h), and then
  // truncated if necessary: receivers truncate too, and some take the rest for another message.
  std::size_t max_size = 8192;

  bool operator==(const SyslogStyle&) const = default;
};

// Without framing and without a newline at the end.
std::string format_syslog(const Event& event, const SyslogStyle& style);

// Escapes ", \ and ] in a parameter value of structured data. The text must not have control
// characters.
std::string escape_sd_value(std::string_view text);

}  // namespace pyfault
