// The files in a zip archive: modules of a zipapp, of a frozen or bundled program, or of any zip
// file on sys.path.
//
// The archive is hostile, and minizip reads it only through the functions given to it here: what
// they read, all together, is bounded, and so is the size of what is unpacked. Never throws but for
// want of memory. Can block for as long as the archive's own disk does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class ZipArchive {
 public:
  // fd: a regular file. budget: how many bytes may be read of it, its directory included. An
  // archive that can't be read, or not within its budget, has no files.
  ZipArchive(UniqueFd fd, std::size_t budget);
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;
  ~ZipArchive();

  // Unpacked, of 1 to limit bytes. None when there is no such file, or it is encrypted, longer or
  // damaged.
  std::optional<std::string> read(const std::string& name, std::size_t limit);

  // What it has read of the file since it was opened, and unpacked, sound or not.
  std::size_t bytes_spent() const;

 private:
  struct Reader;
  struct Position {
    std::uint64_t in_directory;
    std::uint64_t number;
  };
  void list_files();

  std::unique_ptr<Reader> reader_;
  void* archive_ = nullptr;  // minizip's unzFile
  std::size_t unpacked_ = 0;
  std::map<std::string, Position> files_;
};

}  // namespace pyfault
