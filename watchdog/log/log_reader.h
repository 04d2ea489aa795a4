// Reads one [[log]] of a configuration.
#pragma once

#include "watchdog/log/log_settings.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// Wrong values, and keys of other types of logs, are noted as problems of `table`.
LogSettings read_log(TableReader& table);

}  // namespace pyfault
