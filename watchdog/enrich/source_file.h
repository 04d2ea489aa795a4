// Opens the files that a process names as that process would: with its root, working directory and
// user's rights. The names are hostile. A name below that of a zip archive is that of a file in it,
// as in CPython's zipimport: app.pyz/__main__.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "watchdog/enrich/zip_archive.h"
#include "watchdog/os/file_rights.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

inline constexpr std::size_t kMaxSourceBytes = std::size_t{16} << 20;

class SourceFiles {
 public:
  // Captures the root, directory and rights of the process at this moment. `executable` is what it
  // must be running (executable_of()): after an exec of a set-user-ID program the pid has the
  // rights of that program, and nothing is read. `unchanged_since_ns` is CLOCK_REALTIME; a file
  // changed later is not what the process has loaded.
  SourceFiles(int pid, const std::string& executable, std::int64_t unchanged_since_ns);

  // Returns the file's bytes. It must be a regular file of 1 to min(kMaxSourceBytes, budget) bytes,
  // or lie in an archive of any size; be unchanged, and readable by the process's effective user. A
  // name that does not end in .py must be readable by everyone, so that a forged record cannot make
  // the log quote a key. FIFOs and devices are never opened. `budget` is reduced by the bytes read
  // and unpacked. May block as long as the file's disk or network does.
  std::optional<std::string> read(const std::string& name, std::size_t& budget);

 private:
  UniqueFd locate(const std::string& name) const;
  UniqueFd open_to_quote(const UniqueFd& place, const std::string& name) const;
  std::optional<std::string> read_from_archive(const std::string& name, std::size_t& budget);
  bool open_archive(const std::string& archive, const std::string& name, std::size_t& budget);

  UniqueFd root_;
  UniqueFd cwd_;
  bool foreign_root_ = true;
  std::optional<Identity> identity_;
  std::int64_t unchanged_since_ns_;
  std::string archive_name_;
  std::unique_ptr<ZipArchive> archive_;
};

}  // namespace pyfault
