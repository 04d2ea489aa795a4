#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "watchdog/format/abridge.h"
#include "watchdog/format/colour.h"
#include "watchdog/format/format.h"
#include "watchdog/format/journal.h"
#include "watchdog/format/message.h"
#include "watchdog/log/event_log.h"

namespace pyfault {
namespace {

Formatter formatter_for(LogFormat format) {
  switch (format) {
    case LogFormat::kJson:
      return format_json;
    case LogFormat::kFaulthandler:
      return format_faulthandler;
    case LogFormat::kText:
      break;
  }
  return format_text;
}

// https://no-color.org: set, and not empty.
bool forbids_colour(const char* no_color) {
  return no_color != nullptr && *no_color != '\0';
}

bool wants_colour(StderrLog::Colour colour) {
  if (colour != StderrLog::Colour::kAuto) return colour == StderrLog::Colour::kAlways;
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !forbids_colour(std::getenv("NO_COLOR")) &&
         term != nullptr && std::string_view(term) != "dumb";
}

std::string json_message(const Event& event) {
  std::string json = format_json(event);
  json.pop_back();
  return json;
}

// A line that a collector would drop for its length loses what matters least.
Formatter limited(Formatter formatter, std::size_t max_line) {
  if (max_line == 0) return formatter;
  return [formatter = std::move(formatter), max_line](const Event& event) {
    return format_within(max_line, event, formatter);
  };
}

struct FormattersOf {
  LogFormat format;
  std::size_t max_line;

  std::vector<Formatter> operator()(const StderrLog& log) const {
    if (format == LogFormat::kText && wants_colour(log.colour)) return {format_coloured_text};
    return {limited(formatter_for(format), max_line)};
  }

  std::vector<Formatter> operator()(const FileLog&) const {
    return {limited(formatter_for(format), max_line)};
  }

  std::vector<Formatter> operator()(const JournalLog& log) const {
    const auto message = format == LogFormat::kJson ? json_message : message_of;
    std::vector<Formatter> formatters = {[message](const Event& event) {
      return journal_entry(journal_fields(event, message(event)));
    }};
    if (log.coredumps) {
      formatters.emplace_back(
          [](const Event& event) { return journal_entry(coredump_fields(event)); });
    }
    return formatters;
  }

  std::vector<Formatter> operator()(const SyslogLog& log) const {
    SyslogStyle style = log.style;
    style.format = format;
    return {[style](const Event& event) { return format_syslog(event, style); }};
  }
};

}  // namespace

std::vector<Formatter> formatters_for(const LogSettings& settings) {
  return std::visit(FormattersOf{settings.format, settings.max_line}, settings.target);
}

}  // namespace pyfault
