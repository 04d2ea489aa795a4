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

  Colour colour = Colour::kNever;  // of text; other formats have none

  bool operator==(const StderrLog&) const = default;
};

// The functions that each type of log has; log/targets.h says what they do.
StderrLog read_stderr_log(TableReader& table, LogSettings& settings);
std::unique_ptr<Sink> open_sink(const StderrLog& log, const std::string& name);
std::vector<Formatter> formatters_of(const StderrLog& log, const LogSettings& settings);

}  // namespace pyfault
