// Converts JSON to one line of text and back. Separate because these parts of the library compile
// slowly.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace pyfault {

// Returns no trailing newline. Invalid UTF-8, as in a path, is replaced.
std::string json_text(const nlohmann::json& value);

// Throws nlohmann::json::parse_error.
nlohmann::json parse_json(std::string_view text);

}  // namespace pyfault
