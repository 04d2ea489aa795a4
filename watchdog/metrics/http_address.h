// The address to listen on. A plain value.
#pragma once

#include <cstdint>
#include <string>

namespace pyfault {

// The port that Prometheus exporters of OpenTelemetry use too.
inline constexpr std::uint16_t kMetricsPort = 9464;

struct HttpAddress {
  std::string host = "127.0.0.1";  // numeric: no name is resolved
  std::uint16_t port = 0;          // 0: any free port

  bool operator==(const HttpAddress&) const = default;
};

}  // namespace pyfault
