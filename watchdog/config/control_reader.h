// Reads the [control] table of a configuration.
#pragma once

#include "watchdog/config/config.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

ControlSettings read_control(TableReader& table);

}  // namespace pyfault
