// The keys of a [[log]] that belong to its type.
#pragma once

#include "watchdog/config/table_reader.h"
#include "watchdog/log/log_settings.h"

namespace pyfault {

// Each sets target and name of the settings, and notes wrong values.
void read_stderr_log(TableReader& table, LogSettings& settings);
void read_file_log(TableReader& table, LogSettings& settings);
void read_journal_log(TableReader& table, LogSettings& settings);
void read_syslog_log(TableReader& table, LogSettings& settings);

}  // namespace pyfault
