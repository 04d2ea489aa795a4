#include "watchdog/control/json_text.h"

#include <nlohmann/json.hpp>

namespace pyfault {

using nlohmann::json;

std::string json_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json parse_json(std::string_view text) {
  return json::parse(text);
}

}  // namespace pyfault
