// Parses times, sizes, resource limits and signals of a configuration. Pure.
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

// Parses "500ms", "1.5s", "10min", "1h 30min" or "1d"; the unit defaults to seconds. At most ten
// years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::optional<std::chrono::milliseconds> duration_of_seconds(double seconds);

// Parses "4096", "512K" or "2GiB"; units are powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);

// Parses a resource limit: "VALUE" for both limits, or "SOFT:HARD". A value is a size or
// "unlimited".
std::optional<rlimit> parse_limit(std::string_view text);

// Returns RLIMIT_NOFILE for "nofile", with or without the prefix "RLIMIT_", ignoring case.
std::optional<int> limit_named(std::string_view name);
std::span<const std::string_view> limit_names();

// Parses "TERM", "SIGTERM", "15" or "RTMIN+3", ignoring case.
std::optional<int> parse_signal(std::string_view text);

// Returns the signals sorted by number, without duplicates. None if a name is not a signal, or the
// signal cannot be handled (KILL, STOP) or is a real-time signal.
std::optional<std::vector<int>> parse_handled_signals(std::span<const std::string> names);

}  // namespace pyfault
