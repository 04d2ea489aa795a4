// The types of logs. A new one is a pair of files such as syslog_log.{h,cc} and a line in each list
// here and in targets.cc (watchdog/README.md, "How to add a type of log").
//
// Such a pair has its settings, a plain value, and three functions:
//   read_NAME_log(table, settings)  its keys of a [[log]]; notes wrong values; sets settings.name
//   open_sink(log, name)            where reports are written to; throws StartError, which begins
//                                   with `name`, when that is not to be had
//   formatters_of(log, settings)    what each event becomes there: a report for each formatter
// and, where the usual one is not right, a kRetryPolicy: how often a report is tried again.
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
