// [metrics] of a configuration: table to value.
#pragma once

#include <optional>
#include <string_view>

#include "watchdog/metrics/http_address.h"
#include "watchdog/toml/table_reader.h"

namespace pyfault {

// Notes wrong values.
HttpAddress read_metrics(TableReader& table);

// "127.0.0.1:9464" or "[::1]:9464"; "localhost" is 127.0.0.1, and no other name is looked up.
std::optional<HttpAddress> parse_listen_address(std::string_view text);

}  // namespace pyfault
