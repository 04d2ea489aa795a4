// The files that a process names, opened as that process would: its root and working directory, its
// user's rights. The names are hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "watchdog/os/file_rights.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

inline constexpr std::size_t kMaxSourceBytes = std::size_t{16} << 20;

class SourceFiles {
 public:
  // unchanged_since_ns: CLOCK_REALTIME; a file changed later is not what the process has loaded.
  SourceFiles(int pid, std::int64_t unchanged_since_ns);

  // The file's bytes. None unless it is a regular file of 1 to min(kMaxSourceBytes, limit) bytes,
  // not changed since, that the process's effective user may read. A name that does not end in .py
  // must be readable by everybody: a forged record should not make the log quote a key. FIFOs and
  // devices are never opened. Can block for as long as the file's own disk or network does.
  std::optional<std::string> read(const std::string& name, std::size_t limit) const;

 private:
  UniqueFd locate(const std::string& name) const;

  UniqueFd root_;
  UniqueFd cwd_;
  bool foreign_root_ = true;
  std::optional<Identity> identity_;
  std::int64_t unchanged_since_ns_;
};

}  // namespace pyfault
