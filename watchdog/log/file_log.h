// A log in a file: [[log]] type = "file", and --log.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "watchdog/log/formatter.h"
#include "watchdog/sink/open_log.h"
#include "watchdog/sink/rotating_sink.h"
#include "watchdog/sink/sink.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

struct LogSettings;

// The path is checked before each report, so logrotate needs no signal or script.
struct FileLog {
  std::string path;
  Rotation rotation{};
  mode_t mode = kLogMode;  // for a file that is created

  bool operator==(const FileLog&) const = default;
};

// The functions that each type of log has; see log/targets.h.
FileLog read_file_log(TableReader& table, LogSettings& settings);
std::unique_ptr<Sink> open_sink(const FileLog& log, const std::string& name);
std::vector<Formatter> formatters_of(const FileLog& log, const LogSettings& settings);

}  // namespace pyfault
