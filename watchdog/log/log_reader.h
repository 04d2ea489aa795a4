// One [[log]] of a configuration: table to value.
#pragma once

#include "watchdog/log/log_settings.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// Notes wrong values, and keys that belong to other types of logs.
LogSettings read_log(TableReader& table);

}  // namespace pyfault
