// Events to the log, in the format that was chosen.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/options.h"
#include "watchdog/sink/report_log.h"

namespace pyfault {

class Reporter {
 public:
  // Opens the log (none: stderr) and starts its thread. Throws StartError.
  Reporter(std::optional<std::string> log, LogFormat format);

  // Adds the host, and the present time to an event that has none. Does not wait for the log.
  void report(Event event);

  // The last act, see ReportLog::finish: what the log file could not take is said on stderr.
  void finish(std::chrono::milliseconds limit);

 private:
  const std::optional<std::string> file_;
  std::string (*const format_)(const Event&);
  const std::string host_;
  ReportLog log_;
};

}  // namespace pyfault
