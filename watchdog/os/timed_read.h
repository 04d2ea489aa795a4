// Reads those files of /proc that are another process's memory: its command line, environment and
// memory map. That process can block the reader indefinitely, for example with a page of a FUSE
// file that is never served.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace pyfault {

inline constexpr std::chrono::milliseconds kReadTimeout{100};

// Reads at most `limit` bytes on a helper thread. If that takes longer than `patience`, the thread
// is abandoned and the next read gets a new one. Returns nullopt then, and if the file cannot be
// read, if no thread can be started, or while four abandoned threads hang. Call it only on the
// event loop's thread.
std::optional<std::string> read_with_timeout(const std::string& path, std::size_t limit,
                                             std::chrono::milliseconds patience = kReadTimeout);

// How a function reads such a file: with a timeout on the event loop's thread, or with read_file()
// (read_file.h) on a helper thread, which may hang.
using ReadMemoryFile = std::optional<std::string> (*)(const std::string& path, std::size_t limit);

inline std::optional<std::string> read_on_loop(const std::string& path, std::size_t limit) {
  return read_with_timeout(path, limit);
}

}  // namespace pyfault
