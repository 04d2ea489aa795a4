// Values of JSON events. What is not known is null.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace pyfault {

using Json = nlohmann::ordered_json;

template <typename T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

inline Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

inline std::string hexadecimal(std::uint64_t number) {
  return fmt::format("{:#x}", number);
}

inline Json hexadecimal_or_null(const std::optional<std::uint64_t>& number) {
  return number ? Json(hexadecimal(*number)) : Json(nullptr);
}

}  // namespace pyfault
