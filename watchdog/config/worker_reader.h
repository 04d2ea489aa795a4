// Reads the settings of one [[worker]], or of the [defaults] of all workers.
#pragma once

#include "watchdog/config/config.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// Reads how a worker is run and supervised. `worker` must hold the defaults. Wrong values and
// meaningless combinations are added to `problems`.
void read_worker_settings(TableReader& table, std::vector<Problem>& problems, WorkerConfig& worker);

}  // namespace pyfault
