#include "watchdog/config/log_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace pyfault {
namespace {

using Transport = SyslogAddress::Transport;

constexpr std::string_view kFacilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;  // empty: none was given
};

// "HOST:PORT", "HOST", "[::1]:PORT", "[::1]".
HostAndPort split(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : text.npos;
  const bool bracketed = bracket != text.npos;
  const std::size_t colon = text.find(':', bracketed ? bracket : 0);
  const std::string_view port = colon == text.npos ? "" : text.substr(colon + 1);
  return {bracketed ? text.substr(1, bracket - 1) : text.substr(0, colon), port};
}

bool is_ip_address(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

}  // namespace

std::optional<SyslogAddress> parse_syslog_address(std::string_view text) {
  if (text.starts_with('/')) return SyslogAddress{Transport::kLocal, std::string(text), ""};
  const bool udp = text.starts_with("udp://");
  if (!udp && !text.starts_with("tcp://")) return std::nullopt;
  const HostAndPort parts = split(text.substr(6));
  const std::string port(parts.port.empty() ? "514" : parts.port);
  if (parts.host.empty() || parse_port(port).value_or(0) == 0) return std::nullopt;
  return SyslogAddress{udp ? Transport::kUdp : Transport::kTcp, std::string(parts.host), port};
}

std::optional<HttpAddress> parse_listen_address(std::string_view text) {
  const HostAndPort parts = split(text);
  const auto port = parse_port(parts.port);
  const std::string host(parts.host == "localhost" ? "127.0.0.1" : parts.host);
  if (!is_ip_address(host) || port.value_or(0) == 0) return std::nullopt;
  return HttpAddress{host, *port};
}

std::optional<int> parse_facility(std::string_view name) {
  const auto found = std::find(std::begin(kFacilities), std::end(kFacilities), name);
  if (found == std::end(kFacilities)) return std::nullopt;
  return static_cast<int>(found - std::begin(kFacilities));
}

}  // namespace pyfault
