// A log to syslog: [[log]] type = "syslog".
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/format/syslog.h"
#include "watchdog/log/formatter.h"
#include "watchdog/sink/async_writer.h"
#include "watchdog/sink/sink.h"
#include "watchdog/sink/syslog_sink.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

struct LogSettings;

struct SyslogLog {
  // An unreachable collector is retried at growing intervals.
  static constexpr RetryPolicy kRetryPolicy{std::chrono::seconds(1), std::chrono::seconds(2),
                                            std::chrono::seconds(30)};
  SyslogAddress address;
  SyslogStyle style;  // its format is replaced by that of the log

  bool operator==(const SyslogLog&) const = default;
};

// Parses "/dev/log" or any other absolute path, "udp://HOST", or "tcp://HOST:PORT". The default
// port is 514.
std::optional<SyslogAddress> parse_syslog_address(std::string_view text);

// Returns the number of a facility such as "daemon" or "local0".
std::optional<int> parse_facility(std::string_view name);

// The functions that each type of log has; see log/targets.h.
SyslogLog read_syslog_log(TableReader& table, LogSettings& settings);
std::unique_ptr<Sink> open_sink(const SyslogLog& log, const std::string& name);
std::vector<Formatter> formatters_of(const SyslogLog& log, const LogSettings& settings);

}  // namespace pyfault
