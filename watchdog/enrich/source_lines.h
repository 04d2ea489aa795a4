// The source lines of a crash, read with the view and the rights of the process that crashed.
//
// source_file.h defines which files are read; lines that are not available are omitted. Each file
// is read once, and all of them together up to kMaxSourceBytesPerCrash. Reading never blocks on a
// FIFO or a device, but may block on a disk. Throws only std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "watchdog/enrich/source_file.h"
#include "watchdog/event/event.h"

namespace pyfault {

// Longer lines are truncated to this many bytes, at a character boundary.
inline constexpr std::size_t kMaxLineBytes = 4096;
// Bound on all lines of a crash together, starting with the faulting thread: a frame costs the
// record a few bytes, but its line may be long.
inline constexpr std::size_t kMaxLinesPerCrash = std::size_t{1} << 20;
inline constexpr std::size_t kMaxSourceBytesPerCrash = std::size_t{64} << 20;
// A forged record could name thousands of files to keep the watchdog busy.
inline constexpr std::size_t kMaxSourceFilesPerCrash = 512;

std::vector<FrameSource> read_source_lines(const Crash& crash, SourceFiles& files);

// Call it while the process lives; the result can be called later. `pid` is in the watchdog's
// namespace. `executable`: see SourceFiles. `unchanged_since_ns` is CLOCK_REALTIME before the
// process read its first source file; the time of its attach is best, which is after exec and
// before Python starts.
SourceReader source_reader(int pid, const std::string& executable, std::int64_t unchanged_since_ns);

}  // namespace pyfault
