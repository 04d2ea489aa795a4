// Files of /proc that are another process's memory: its command line, its environment, its map. The
// process decides how long their reader waits, for ever if it likes (a page behind a FUSE file that
// is never answered).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace pyfault {

inline constexpr std::chrono::milliseconds kReadPatience{100};

// At most `limit` bytes. They are read on a thread of their own, which is left to itself when it
// takes longer than `patience`; the next read gets another. None then, and when the file can't be
// read, when no thread is to be had, or while four such threads hang. For the loop's thread only.
std::optional<std::string> read_patiently(const std::string& path, std::size_t limit,
                                          std::chrono::milliseconds patience = kReadPatience);

}  // namespace pyfault
