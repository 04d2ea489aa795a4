// Whole files into memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace pyfault {

// At most `limit` bytes from the descriptor's position on; fewer at the end of the file or on an
// error.
std::string read_up_to(int fd, std::size_t limit);

// None when the file can't be opened. For files that never block, such as those of /proc/PID.
std::optional<std::string> read_file(const std::string& path, std::size_t limit);

// The last bytes of a regular file; empty when it is none.
std::string end_of_file(const std::string& path, std::size_t limit);

}  // namespace pyfault
