// An event as a syslog message. Pure.
//
// A traceback is one message and keeps its newlines: a datagram and an octet-counted frame have
// room for them, receivers escape them where their files can't hold them (rsyslog: #012), and many
// messages would be mixed with those of others, and lost one by one. Where a receiver takes lines
// only, choose JSON, which is one.
#pragma once

#include <cstddef>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/format/log_format.h"

namespace pyfault {

enum class SyslogProtocol {
  kRfc5424,  // with structured data [pyfault@32473 ...]
  kLocal,  // that of syslog(3), data in the message: for a /dev/log whose reader takes nothing else
};

struct SyslogStyle {
  SyslogProtocol protocol = SyslogProtocol::kRfc5424;
  int facility = 3;  // daemon
  std::string app_name = "pyfault-watchdog";
  LogFormat format = LogFormat::kText;  // of MSG; kJson has "@cee:" in front, as collectors expect
  // Above this many bytes threads, then frames are left out (and that is said), and what is still
  // too long is cut: receivers cut too, and some take the rest for a message of its own.
  std::size_t max_size = 8192;

  bool operator==(const SyslogStyle&) const = default;
};

// Without framing and without a newline at the end.
std::string format_syslog(const Event& event, const SyslogStyle& style);

// Structured data: "PARAM" with ", \ and ] escaped, for text that has no control characters.
std::string escape_sd_value(std::string_view text);

}  // namespace pyfault
