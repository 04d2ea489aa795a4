// How much memory a process has in RAM.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pyfault {

// Bytes; none when the process is gone.
std::optional<std::int64_t> resident_memory(int pid);

// The same from the text of /proc/PID/statm. Pure.
std::optional<std::int64_t> resident_memory(std::string_view statm, std::int64_t page_size);

}  // namespace pyfault
