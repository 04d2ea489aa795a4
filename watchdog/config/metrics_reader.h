// Reads the [metrics] table of a configuration.
#pragma once

#include <optional>
#include <string_view>

#include "watchdog/metrics/http_address.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// Wrong values are noted as problems of `table`.
HttpAddress read_metrics(TableReader& table);

// Parses "127.0.0.1:9464" or "[::1]:9464". "localhost" is 127.0.0.1; other names are not resolved.
std::optional<HttpAddress> parse_listen_address(std::string_view text);

}  // namespace pyfault
