// Reads whole files into memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace pyfault {

// Reads at most `limit` bytes from the descriptor's position; fewer at the end of the file or on an
// error.
std::string read_up_to(int fd, std::size_t limit);

// Returns nullopt if the file cannot be opened. Only for files that never block, such as those of
// /proc/PID.
std::optional<std::string> read_file(const std::string& path, std::size_t limit);

// Returns the last `limit` bytes of a regular file; empty if it is not one.
std::string end_of_file(const std::string& path, std::size_t limit);

}  // namespace pyfault
