#include "watchdog/config/log_targets.h"

#include <optional>

#include "watchdog/config/log_address.h"
#include "watchdog/config/quantity.h"

namespace pyfault {
namespace {

constexpr Choice<StderrLog::Colour> kColours[] = {{"auto", StderrLog::Colour::kAuto},
                                                  {"always", StderrLog::Colour::kAlways},
                                                  {"never", StderrLog::Colour::kNever}};
constexpr Choice<SyslogProtocol> kProtocols[] = {{"rfc5424", SyslogProtocol::kRfc5424},
                                                 {"local", SyslogProtocol::kLocal}};
constexpr int kMostKept = 10'000;
constexpr std::uint64_t kLeastMessage = 480;  // what RFC 5424 has every receiver take
constexpr std::uint64_t kLeastLine = 2048;
constexpr std::uint64_t kMostMessage = std::uint64_t{1} << 20;

bool get_size(TableReader& table, std::string_view key, std::uint64_t& size) {
  std::string text;
  if (!table.get(key, text)) return false;
  const auto read = parse_size(text);
  if (!read || *read == 0) {
    table.complain(key, "'" + std::string(key) + "' is no size: '" + text + "'",
                   "write a text such as \"512K\" or \"50MiB\"");
    return false;
  }
  size = *read;
  return true;
}

// Both usual readers of /dev/log, rsyslog and journald, take the header of RFC 5424 for text.
void read_address(TableReader& table, SyslogLog& log) {
  std::string text;
  if (table.get("address", text)) {
    const auto address = parse_syslog_address(text);
    if (address) log.address = *address;
    if (!address) {
      table.complain("address", "'address' leads nowhere: '" + text + "'",
                     "write \"/dev/log\", \"udp://HOST:PORT\" or \"tcp://HOST:PORT\"");
    }
  }
  if (log.address == SyslogAddress()) log.style.protocol = SyslogProtocol::kLocal;
  table.get("protocol", log.style.protocol, kProtocols);
}

void read_facility(TableReader& table, SyslogStyle& style) {
  std::string name;
  if (!table.get("facility", name)) return;
  const auto facility = parse_facility(name);
  if (facility) style.facility = *facility;
  constexpr std::string_view kUsual[] = {"daemon", "user", "local0", "local7"};
  if (!facility) {
    table.complain("facility", "there is no facility '" + name + "'", suggest(name, kUsual));
  }
}

// A text report has lines of its own, and journald's entries have no limit.
void read_max_line(TableReader& table, LogSettings& settings) {
  std::uint64_t size = 0;
  if (!get_size(table, "max_line", size)) return;
  if (settings.format != LogFormat::kJson) {
    table.complain("max_line", "'max_line' is for JSON", "add format = \"json\"");
  } else if (size < kLeastLine) {
    table.complain("max_line", "'max_line' is too small", "it takes 2 KiB and more");
  }
  settings.max_line = size;
}

void read_max_message(TableReader& table, SyslogStyle& style) {
  std::uint64_t size = 0;
  if (!get_size(table, "max_message", size)) return;
  if (size >= kLeastMessage && size <= kMostMessage) {
    style.max_size = size;
  } else {
    table.complain("max_message", "'max_message' is out of bounds", "it takes 480 bytes to 1 MiB");
  }
}

}  // namespace

void read_stderr_log(TableReader& table, LogSettings& settings) {
  StderrLog log{StderrLog::Colour::kAuto};
  table.get("colour", log.colour, kColours);
  read_max_line(table, settings);
  settings.target = log;
  settings.name = "the log on stderr";
}

void read_file_log(TableReader& table, LogSettings& settings) {
  FileLog log;
  if (!table.get("path", log.path) && !table.has("path")) {
    table.complain("path", "a log of type 'file' without a path", "add path = \"/var/log/...\"");
  }
  if (!log.path.empty() && !log.path.starts_with('/')) {
    table.complain("path", "'path' is relative", "begin it with /");
  }
  const bool sized = get_size(table, "max_size", log.rotation.max_size);
  if (table.get("keep", log.rotation.keep, 1, kMostKept) && !sized && !table.has("max_size")) {
    table.complain("keep", "'keep' means nothing where nothing is rotated", "add a max_size");
  }
  std::optional<mode_t> mode;
  if (table.get_mode("mode", mode)) log.mode = *mode;
  read_max_line(table, settings);
  settings.name = "log '" + log.path + "'";
  settings.target = std::move(log);
}

void read_journal_log(TableReader& table, LogSettings& settings) {
  JournalLog log;
  table.get("socket", log.socket);
  table.get("coredumps", log.coredumps);
  settings.target = std::move(log);
  settings.name = "the log to journald";
}

void read_syslog_log(TableReader& table, LogSettings& settings) {
  SyslogLog log;
  read_address(table, log);
  read_facility(table, log.style);
  read_max_message(table, log.style);
  table.get("app_name", log.style.app_name);
  settings.name = "the log to syslog at " + log.address.host;
  if (!log.address.port.empty()) settings.name += " port " + log.address.port;
  settings.target = std::move(log);
}

}  // namespace pyfault
