// [control]: table to value.
#pragma once

#include "watchdog/config/config.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

ControlSettings read_control(TableReader& table);

}  // namespace pyfault
