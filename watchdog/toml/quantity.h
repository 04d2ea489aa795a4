// How times, sizes, limits and signals are written in a configuration. Pure.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

// "500ms", "1.5s", "10min", "1h 30min", "1d"; without a unit it is seconds. At most ten years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::optional<std::chrono::milliseconds> duration_of_seconds(double seconds);

// "4096", "512K", "2GiB": powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);

// A resource limit: "VALUE" for both, or "SOFT:HARD"; a value is a size or "unlimited".
std::optional<rlimit> parse_limit(std::string_view text);

// RLIMIT_NOFILE from "nofile", with or without "RLIMIT_", in any case.
std::optional<int> limit_named(std::string_view name);
std::span<const std::string_view> limit_names();

// "TERM", "SIGTERM", "15" or "RTMIN+3", in any case.
std::optional<int> parse_signal(std::string_view text);

// In the order of their numbers, each once. None where one is no signal, can't be handled (KILL,
// STOP), or is a real-time signal.
std::optional<std::vector<int>> parse_handled_signals(std::span<const std::string> names);

}  // namespace pyfault
