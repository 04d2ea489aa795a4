// What a log is to be: where its reports go, in which format, and which events are in it. Plain
// values.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "watchdog/format/log_format.h"
#include "watchdog/format/syslog.h"
#include "watchdog/log/event_filter.h"
#include "watchdog/sink/journal_sink.h"
#include "watchdog/sink/log_target.h"
#include "watchdog/sink/rotating_sink.h"
#include "watchdog/sink/syslog_sink.h"

namespace pyfault {

struct StderrLog {
  enum class Colour {
    kAuto,  // on a terminal, unless NO_COLOR is set or TERM is "dumb"
    kAlways,
    kNever,
  };

  Colour colour = Colour::kNever;  // of text; other formats have none

  bool operator==(const StderrLog&) const = default;
};

// Its name is looked up before each report, so that logrotate needs to tell us nothing.
struct FileLog {
  std::string path;
  Rotation rotation{};
  mode_t mode = kLogMode;  // of the file, where it is created

  bool operator==(const FileLog&) const = default;
};

struct JournalLog {
  std::string socket = kJournalSocket;
  // Crashes also as entries of systemd-coredump's kind, for coredumpctl. Where that is at work
  // itself and takes core dumps, each is there twice then.
  bool coredumps = false;

  bool operator==(const JournalLog&) const = default;
};

struct SyslogLog {
  SyslogAddress address;
  SyslogStyle style;  // its format is that of the log

  bool operator==(const SyslogLog&) const = default;
};

struct LogSettings {
  std::variant<StderrLog, FileLog, JournalLog, SyslogLog> target;
  LogFormat format = LogFormat::kText;
  EventFilter filter;
  std::string name = "stderr";  // what messages call it: "--log 'x'"
  std::size_t max_line = 0;     // bytes, of JSON in a file or on stderr; 0: no limit

  bool operator==(const LogSettings&) const = default;
};

}  // namespace pyfault
