// The types of logs. A new type is a pair of files such as syslog_log.{h,cc} and an entry in the
// lists here and in targets.cc (watchdog/README.md, "How to add a type of log").
//
// Each pair has its settings, a plain value with operator==, and three functions:
//   read_NAME_log(table, settings)  reads its keys of a [[log]], notes wrong values and sets
//                                   settings.name. It asks for every key on every call, even of
//                                   an empty table: that is how log_reader.cc knows the keys.
//   open_sink(log, name)            opens the target of the reports; throws StartError, with a
//                                   message that begins with `name`, if it is unavailable
//   formatters_of(log, settings)    returns the formatters; each makes one report of an event
// and, if the default does not suit, a kRetryPolicy that says how often a report is retried.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "watchdog/log/file_log.h"
#include "watchdog/log/journal_log.h"
#include "watchdog/log/stderr_log.h"
#include "watchdog/log/syslog_log.h"

namespace pyfault {

using LogTarget = std::variant<StderrLog, FileLog, JournalLog, SyslogLog>;

struct LogType {
  std::string_view name;  // in a configuration
  LogTarget (*read)(TableReader& table, LogSettings& settings);
};

std::span<const LogType> log_types();

}  // namespace pyfault
