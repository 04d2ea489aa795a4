#include "watchdog/config/metrics_reader.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <string>

#include "watchdog/toml/host_port.h"

namespace pyfault {
namespace {

bool is_ip_address(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

}  // namespace

std::optional<HttpAddress> parse_listen_address(std::string_view text) {
  const HostAndPort parts = split_host_and_port(text);
  const auto port = parse_port(parts.port);
  const std::string host(parts.host == "localhost" ? "127.0.0.1" : parts.host);
  if (!is_ip_address(host) || port.value_or(0) == 0) return std::nullopt;
  return HttpAddress{host, *port};
}

HttpAddress read_metrics(TableReader& table) {
  HttpAddress address{"127.0.0.1", kMetricsPort};
  std::string text;
  if (table.get("listen", text)) {
    const auto listen = parse_listen_address(text);
    if (listen) address = *listen;
    if (!listen) {
      table.add_error("listen", fmt::format("invalid 'listen': '{}'", text),
                      "write a numeric address and a port: \"127.0.0.1:9464\"");
    }
  }
  table.refuse_unknown_keys();
  return address;
}

}  // namespace pyfault
