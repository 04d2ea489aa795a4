#include "watchdog/log/journal_log.h"

#include "watchdog/format/journal.h"
#include "watchdog/format/message.h"
#include "watchdog/log/log_settings.h"

namespace pyfault {

JournalLog read_journal_log(TableReader& table, LogSettings& settings) {
  JournalLog log;
  table.get("socket", log.socket);
  table.get("coredumps", log.coredumps);
  settings.name = "the log to journald";
  return log;
}

std::unique_ptr<Sink> open_sink(const JournalLog& log, const std::string&) {
  return std::make_unique<JournalSink>(log.socket);
}

std::vector<Formatter> formatters_of(const JournalLog& log, const LogSettings& settings) {
  const auto message = settings.format == LogFormat::kJson ? json_message_of : message_of;
  std::vector<Formatter> formatters = {[message](const Event& event) {
    return journal_entry(journal_fields(event, message(event)));
  }};
  if (log.coredumps) {
    formatters.emplace_back(
        [](const Event& event) { return journal_entry(coredump_fields(event)); });
  }
  return formatters;
}

}  // namespace pyfault
