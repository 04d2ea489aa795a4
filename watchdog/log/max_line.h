// The longest line of JSON that a collector takes (max_line of a [[log]]).
#pragma once

#include "watchdog/log/formatter.h"
#include "watchdog/log/log_settings.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// Into `settings`, and notes a wrong value.
void read_max_line(TableReader& table, LogSettings& settings);

// In the settings' format. A line that would be longer loses what matters least.
Formatter limited_formatter(const LogSettings& settings);

}  // namespace pyfault
