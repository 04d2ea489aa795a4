// How addresses are written in a configuration. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "watchdog/metrics/http_address.h"
#include "watchdog/sink/syslog_sink.h"

namespace pyfault {

// "/dev/log", or any absolute path; "udp://HOST", "tcp://HOST:PORT". Port 514 goes without saying.
std::optional<SyslogAddress> parse_syslog_address(std::string_view text);

// "127.0.0.1:9464" or "[::1]:9464"; "localhost" is 127.0.0.1, and no other name is looked up.
std::optional<HttpAddress> parse_listen_address(std::string_view text);

// The facility's number from "daemon", "local0" and so on.
std::optional<int> parse_facility(std::string_view name);

}  // namespace pyfault
