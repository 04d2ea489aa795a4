// One [[log]], or [metrics]: table to value.
#pragma once

#include "watchdog/config/config.h"
#include "watchdog/config/table_reader.h"

namespace pyfault {

// Notes wrong values, and keys that are right for other types of logs.
LogSettings read_log(TableReader& table);

// Of [metrics].
HttpAddress read_metrics(TableReader& table);

}  // namespace pyfault
