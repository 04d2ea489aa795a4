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

}  // namespace pyfault
