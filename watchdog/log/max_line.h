// Limits the length of JSON lines for collectors (max_line of a [[log]]).
#pragma once

#include "watchdog/log/formatter.h"
#include "watchdog/log/log_settings.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// Reads the key into `settings`. A wrong value is noted as a problem of `table`.
void read_max_line(TableReader& table, LogSettings& settings);

// Returns a formatter in the settings' format. Longer lines are abridged, least important parts
// first.
Formatter limited_formatter(const LogSettings& settings);

}  // namespace pyfault
