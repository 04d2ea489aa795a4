#include "watchdog/log/file_log.h"

#include <fmt/format.h>

#include <optional>
#include <system_error>

#include "watchdog/log/log_settings.h"
#include "watchdog/log/max_line.h"
#include "watchdog/log_error.h"

namespace pyfault {
namespace {

constexpr int kMaxKept = 10'000;

}  // namespace

FileLog read_file_log(TableReader& table, LogSettings& settings) {
  FileLog log;
  if (!table.get("path", log.path) && !table.has("path")) {
    table.add_error("path", "a log of type 'file' without a path", "add path = \"/var/log/...\"");
  }
  if (!log.path.empty() && !log.path.starts_with('/')) {
    table.add_error("path", "'path' is relative", "begin it with /");
  }
  const bool sized = table.get_size("max_size", log.rotation.max_size);
  if (table.get("keep", log.rotation.keep, 1, kMaxKept) && !sized && !table.has("max_size")) {
    table.add_error("keep", "'keep' requires 'max_size'", "add a max_size");
  }
  std::optional<mode_t> mode;
  if (table.get_mode("mode", mode)) log.mode = *mode;
  read_max_line(table, settings);
  settings.name = fmt::format("log '{}'", log.path);
  return log;
}

std::unique_ptr<Sink> open_sink(const FileLog& log, const std::string& name) {
  return std::make_unique<RotatingSink>(
      ReopeningFile::named(open_log_file(log.path, name, log.mode), log.mode), log.rotation,
      [name](std::error_code reason) {
        log_error(fmt::format("{} can't be rotated and keeps growing: {}", name, reason.message()));
      });
}

std::vector<Formatter> formatters_of(const FileLog&, const LogSettings& settings) {
  return {limited_formatter(settings)};
}

}  // namespace pyfault
