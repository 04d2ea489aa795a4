#include "watchdog/log/stderr_log.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "watchdog/format/colour.h"
#include "watchdog/log/log_settings.h"
#include "watchdog/log/max_line.h"
#include "watchdog/sink/fd_sink.h"
#include "watchdog/sink/open_log.h"

namespace pyfault {
namespace {

constexpr Choice<StderrLog::Colour> kColours[] = {{"auto", StderrLog::Colour::kAuto},
                                                  {"always", StderrLog::Colour::kAlways},
                                                  {"never", StderrLog::Colour::kNever}};

// https://no-color.org: NO_COLOR is set and not empty.
bool forbids_colour(const char* no_color) {
  return no_color != nullptr && *no_color != '\0';
}

bool wants_colour(StderrLog::Colour colour) {
  if (colour != StderrLog::Colour::kAuto) return colour == StderrLog::Colour::kAlways;
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !forbids_colour(std::getenv("NO_COLOR")) &&
         term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace

StderrLog read_stderr_log(TableReader& table, LogSettings& settings) {
  StderrLog log{StderrLog::Colour::kAuto};
  table.get("colour", log.colour, kColours);
  read_max_line(table, settings);
  settings.name = "the log on stderr";
  return log;
}

std::unique_ptr<Sink> open_sink(const StderrLog&, const std::string&) {
  return std::make_unique<FdSink>(ReopeningFile::unnamed(open_stderr()));
}

std::vector<Formatter> formatters_of(const StderrLog& log, const LogSettings& settings) {
  if (settings.format == LogFormat::kText && wants_colour(log.colour))
    return {format_coloured_text};
  return {limited_formatter(settings)};
}

}  // namespace pyfault
