// Formats the workers as a table.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/control/status.h"

namespace pyfault::ctl {

struct TableStyle {
  bool aligned = false;  // for people; false: tabs between the cells, for programs
  bool coloured = false;
};

// A line of headings, then a line per worker.
std::string status_table(const Status& status, std::int64_t now_ns, TableStyle style);

}  // namespace pyfault::ctl
