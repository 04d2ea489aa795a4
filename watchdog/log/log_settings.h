// What a log is to be: where its reports go, in which format, and which events are in it. A plain
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
  std::string name = "stderr";  // what messages call it: "--log 'x'"
  std::size_t max_line = 0;     // bytes, of JSON in a file or on stderr; 0: no limit

  bool operator==(const LogSettings&) const = default;
};

}  // namespace pyfault
