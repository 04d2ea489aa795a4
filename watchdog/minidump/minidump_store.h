// Keeps minidumps in a directory: files for nobody else, of which the oldest make room for new
// ones.
//
// They hold memory of programs. So the directory must be one that only root or this user may
// change, a file has mode 0600, and it is complete when it gets its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace pyfault {

struct MinidumpLimits {
  std::size_t files = 100;
  std::uint64_t bytes = std::uint64_t{100} << 20;
};

// "pyfault-20261201T120000Z-123-0123...cdef.dmp": the time of the crash, the process, the crash's
// id.
std::string minidump_name(std::int64_t realtime_ns, int pid, const std::string& crash_id);

// Writes the file `name`, one that minidump_name() has returned, and makes the directory if it is
// missing. Before that, the oldest files of such names are deleted until the new one is within the
// limits. Returns why the file could not be written; empty: it was. Blocks as long as the disk
// does. May be called on several threads.
std::string store_minidump(const std::string& directory, const std::string& name,
                           std::span<const std::byte> minidump, const MinidumpLimits& limits = {});

}  // namespace pyfault
