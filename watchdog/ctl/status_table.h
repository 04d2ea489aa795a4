// The workers as a table. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/control/status.h"

namespace pyfault::ctl {

struct TableStyle {
  bool aligned = false;  // for people; else a tab between the cells, for programs
  bool coloured = false;
};

// A line for each worker, after a line of headings.
std::string status_table(const Status& status, std::int64_t now_ns, TableStyle style);

}  // namespace pyfault::ctl
