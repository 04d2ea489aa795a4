// The amount of RAM that a process uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pyfault {

// Returns bytes, or nullopt if the process is gone.
std::optional<std::int64_t> resident_memory(int pid);

// The same, from the text of /proc/PID/statm. No side effects.
std::optional<std::int64_t> resident_memory(std::string_view statm, std::int64_t page_size);

}  // namespace pyfault
