// Converts the members of an event's body (event/event.h) for logs that hold only text.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/crash/signal_names.h"
#include "watchdog/event/event.h"

namespace pyfault {

inline std::string member_text(bool value) {
  return value ? "true" : "false";
}

inline std::string member_text(std::uint64_t value) {
  return std::to_string(value);
}

inline std::string member_text(unsigned value) {
  return std::to_string(value);
}

inline std::string member_text(double seconds) {
  return fmt::format("{:.3f}", seconds);
}

inline std::string member_text(std::string_view text) {
  return std::string(text);
}

inline std::string member_text(const char* text) {
  return text;
}

inline std::string member_text(SignalNumber signal) {
  return signal_name(signal.number);
}

inline std::string member_text(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

inline std::string member_text(const std::optional<double>& value) {
  return value ? member_text(*value) : "";
}

// Calls add(name, text) for each member; the text is empty if the value is unknown.
template <typename Body, typename Add>
void add_members(const Body& body, Add&& add) {
  const auto visit = [&](std::string_view name, const auto& value) {
    add(name, member_text(value));
  };
  if constexpr (requires { body.members(visit); }) body.members(visit);
}

}  // namespace pyfault
