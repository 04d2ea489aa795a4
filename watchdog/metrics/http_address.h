// Where to listen. A plain value.
#pragma once

#include <cstdint>
#include <string>

namespace pyfault {

// Where Prometheus exporters of OpenTelemetry listen, too.
inline constexpr std::uint16_t kMetricsPort = 9464;

struct HttpAddress {
  std::string host = "127.0.0.1";  // a number: nothing is looked up
  std::uint16_t port = 0;          // 0: any free one

  bool operator==(const HttpAddress&) const = default;
};

}  // namespace pyfault
