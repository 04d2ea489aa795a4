// One [[worker]], or the [defaults] of all: table to value.
#pragma once

#include "watchdog/config/config.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// How a worker is run and looked after; `worker` holds what goes without saying. Notes wrong values
// and combinations that make no sense.
void read_worker_settings(TableReader& table, std::vector<Problem>& problems, WorkerConfig& worker);

}  // namespace pyfault
