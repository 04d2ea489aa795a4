// The files that a process names, opened as that process would: its root and working directory, its
// user's rights. The names are hostile. Below the name of a zip archive they are those of the files
// in it, as CPython's zipimport has them: app.pyz/__main__.py.
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
  // Takes root, directory and rights of the process now, and once. `executable`: what it must be
  // running (executable_of()): after an exec of a set-user-ID program its number has that one's
  // rights, and nothing is read. unchanged_since_ns: CLOCK_REALTIME; a file changed later is not
  // what the process has loaded.
  SourceFiles(int pid, const std::string& executable, std::int64_t unchanged_since_ns);

  // The file's bytes. None unless it is a regular file of 1 to min(kMaxSourceBytes, budget) bytes,
  // or lies in an archive that is, of any size; not changed since, and open to the process's
  // effective user. A name that does not end in .py must be readable by everybody: a forged record
  // should not make the log quote a key. FIFOs and devices are never opened. budget: less by what
  // was read from disk and by what was unpacked. Can block for as long as the file's own disk or
  // network does.
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
