// Splits the host and port of an address in a configuration. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pyfault {

struct HostAndPort {
  std::string_view host;
  std::string_view port;  // empty if none was given
};

// Accepts "HOST:PORT", "HOST", "[::1]:PORT" and "[::1]".
HostAndPort split_host_and_port(std::string_view text);

std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace pyfault
