#include "watchdog/toml/host_port.h"

#include <charconv>

namespace pyfault {

HostAndPort split_host_and_port(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : text.npos;
  const bool bracketed = bracket != text.npos;
  const std::size_t colon = text.find(':', bracketed ? bracket : 0);
  const std::string_view port = colon == text.npos ? "" : text.substr(colon + 1);
  return {bracketed ? text.substr(1, bracket - 1) : text.substr(0, colon), port};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace pyfault
