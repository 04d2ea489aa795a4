// A log on stderr: [[log]] type = "stderr", and the log of --exec without --log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "watchdog/log/formatter.h"
#include "watchdog/sink/sink.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

struct LogSettings;

struct StderrLog {
  enum class Colour {
    kAuto,  // on a terminal, unless NO_COLOR is set or TERM is "dumb"
    kAlways,
    kNever,
  };

  Colour colour = Colour::kNever;  // for the text format only

  bool operator==(const StderrLog&) const = default;
};

// The functions that each type of log has; see log/targets.h.
StderrLog read_stderr_log(TableReader& table, LogSettings& settings);
std::unique_ptr<Sink> open_sink(const StderrLog& log, const std::string& name);
std::vector<Formatter> formatters_of(const StderrLog& log, const LogSettings& settings);

}  // namespace pyfault
