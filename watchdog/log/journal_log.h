// A log in systemd's journal: [[log]] type = "journald".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "watchdog/log/formatter.h"
#include "watchdog/sink/journal_sink.h"
#include "watchdog/sink/sink.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

struct LogSettings;

struct JournalLog {
  std::string socket = kJournalSocket;
  // Also log crashes in the form of systemd-coredump, for coredumpctl. If systemd-coredump handles
  // core dumps itself, each crash is then listed twice.
  bool coredumps = false;

  bool operator==(const JournalLog&) const = default;
};

// The functions that each type of log has; see log/targets.h.
JournalLog read_journal_log(TableReader& table, LogSettings& settings);
std::unique_ptr<Sink> open_sink(const JournalLog& log, const std::string& name);
std::vector<Formatter> formatters_of(const JournalLog& log, const LogSettings& settings);

}  // namespace pyfault
