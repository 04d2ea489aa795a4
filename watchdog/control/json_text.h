// JSON as one line of text, and back: the slow half of the JSON library, compiled once.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace pyfault {

// Without a newline at its end. What is not UTF-8, as a path may be, is replaced.
std::string json_text(const nlohmann::json& value);

// Throws nlohmann::json::parse_error.
nlohmann::json parse_json(std::string_view text);

}  // namespace pyfault
