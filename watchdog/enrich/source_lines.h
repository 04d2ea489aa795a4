// The source lines of a crash, read with the eyes of the process that crashed.
//
// Which files are read, and which are not, is said in source_file.h; what can't be had is left out.
// Each file is read once, all of them together up to kMaxSourceBytesPerCrash. Never waits on a FIFO
// or a device, but for as long as a disk does; never throws but for want of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "watchdog/enrich/source_file.h"
#include "watchdog/event/event.h"

namespace pyfault {

// Longer lines are cut to this many bytes, at a character.
inline constexpr std::size_t kMaxLineBytes = 4096;
// What all lines of a crash may take together, the faulting thread's first: a frame costs the
// record a few bytes, and its line may be long.
inline constexpr std::size_t kMaxLinesPerCrash = std::size_t{1} << 20;
inline constexpr std::size_t kMaxSourceBytesPerCrash = std::size_t{64} << 20;
// A forged record could name thousands, to keep the watchdog busy.
inline constexpr std::size_t kMaxSourceFilesPerCrash = 512;

std::vector<FrameSource> read_source_lines(const Crash& crash, SourceFiles& files);

// To be called while the process lives; what it gives back can be called later. pid: in our
// namespace. executable: see SourceFiles. unchanged_since_ns: CLOCK_REALTIME before the process
// read its first source file; the moment it attached is best, for that comes after exec and before
// Python starts.
SourceReader source_reader(int pid, const std::string& executable, std::int64_t unchanged_since_ns);

}  // namespace pyfault
