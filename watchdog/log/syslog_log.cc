#include "watchdog/log/syslog_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "watchdog/log/log_settings.h"
#include "watchdog/toml/host_port.h"

namespace pyfault {
namespace {

using Transport = SyslogAddress::Transport;

constexpr std::string_view kFacilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr Choice<SyslogProtocol> kProtocols[] = {{"rfc5424", SyslogProtocol::kRfc5424},
                                                 {"local", SyslogProtocol::kLocal}};
constexpr std::uint64_t kMinMessage = 480;  // RFC 5424: every receiver must accept this size
constexpr std::uint64_t kMaxMessage = std::uint64_t{1} << 20;

// For /dev/log the default is the local protocol: its usual readers, rsyslog and journald, take an
// RFC 5424 header for text.
void read_address(TableReader& table, SyslogLog& log) {
  std::string text;
  if (table.get("address", text)) {
    const auto address = parse_syslog_address(text);
    if (address) log.address = *address;
    if (!address) {
      table.add_error("address", fmt::format("invalid 'address': '{}'", text),
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
    table.add_error("facility", fmt::format("there is no facility '{}'", name),
                    suggest(name, kUsual));
  }
}

void read_max_message(TableReader& table, SyslogStyle& style) {
  std::uint64_t size = 0;
  if (!table.get_size("max_message", size)) return;
  if (size >= kMinMessage && size <= kMaxMessage) {
    style.max_size = size;
  } else {
    table.add_error("max_message", "'max_message' is out of bounds", "it takes 480 bytes to 1 MiB");
  }
}

}  // namespace

std::optional<SyslogAddress> parse_syslog_address(std::string_view text) {
  if (text.starts_with('/')) return SyslogAddress{Transport::kLocal, std::string(text), ""};
  const bool udp = text.starts_with("udp://");
  if (!udp && !text.starts_with("tcp://")) return std::nullopt;
  const HostAndPort parts = split_host_and_port(text.substr(6));
  const std::string port(parts.port.empty() ? "514" : parts.port);
  if (parts.host.empty() || parse_port(port).value_or(0) == 0) return std::nullopt;
  return SyslogAddress{udp ? Transport::kUdp : Transport::kTcp, std::string(parts.host), port};
}

std::optional<int> parse_facility(std::string_view name) {
  const auto found = std::find(std::begin(kFacilities), std::end(kFacilities), name);
  if (found == std::end(kFacilities)) return std::nullopt;
  return static_cast<int>(found - std::begin(kFacilities));
}

SyslogLog read_syslog_log(TableReader& table, LogSettings& settings) {
  SyslogLog log;
  read_address(table, log);
  read_facility(table, log.style);
  read_max_message(table, log.style);
  table.get("app_name", log.style.app_name);
  settings.name = "the log to syslog at " + log.address.host;
  if (!log.address.port.empty()) settings.name += " port " + log.address.port;
  return log;
}

std::unique_ptr<Sink> open_sink(const SyslogLog& log, const std::string&) {
  return std::make_unique<SyslogSink>(log.address);
}

std::vector<Formatter> formatters_of(const SyslogLog& log, const LogSettings& settings) {
  SyslogStyle style = log.style;
  style.format = settings.format;
  return {[style](const Event& event) { return format_syslog(event, style); }};
}

}  // namespace pyfault
