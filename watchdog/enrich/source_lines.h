// Adds the text of source lines to the frames of a crash, while the process still lives.
//
// Which files are read, and which are not, is said in source_file.h; whatever can't be had leaves
// `source` empty. Each file is read once, all of them together up to kMaxSourceBytesPerCrash. Never
// blocks on a FIFO or a device; never throws but for want of memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "watchdog/crash/crash.h"

namespace pyfault {

// Longer lines are cut to this many bytes, at a character.
inline constexpr std::size_t kMaxLineBytes = 4096;
inline constexpr std::size_t kMaxSourceBytesPerCrash = std::size_t{64} << 20;
// A forged record could name thousands, to keep the watchdog busy.
inline constexpr std::size_t kMaxSourceFilesPerCrash = 512;

// pid: in our namespace. unchanged_since_ns: CLOCK_REALTIME before the process read its first
// source file; the moment it attached is best, for that comes after exec and before Python starts.
void add_source_lines(Crash& crash, int pid, std::int64_t unchanged_since_ns);

}  // namespace pyfault
