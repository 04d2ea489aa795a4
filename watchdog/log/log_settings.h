// The settings of a log: where its reports go, their format, and which events it takes. A plain
// value.
#pragma once

#include <cstddef>
#include <string>

#include "watchdog/format/log_format.h"
#include "watchdog/log/event_filter.h"
#include "watchdog/log/targets.h"

namespace pyfault {

struct LogSettings {
  LogTarget target;
  LogFormat format = LogFormat::kText;
  EventFilter filter;
  std::string name = "stderr";  // its name in messages: "--log 'x'"
  std::size_t max_line = 0;     // bytes, for JSON in a file or on stderr; 0: no limit

  bool operator==(const LogSettings&) const = default;
};

}  // namespace pyfault
