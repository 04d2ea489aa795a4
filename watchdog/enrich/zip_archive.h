// The files in a zip archive: modules of a zipapp, of a frozen or bundled program, or of any zip
// file on sys.path.
//
// The archive is hostile. minizip reads it only through the functions given to it here, which bound
// the bytes read in total; the size of unpacked files is bounded too. Throws only std::bad_alloc.
// May block as long as the archive's disk does.
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
  // `fd` is a regular file. `budget` bounds the bytes read from it, including its directory. An
  // archive that cannot be read, or exceeds its budget, has no files.
  ZipArchive(UniqueFd fd, std::size_t budget);
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;
  ~ZipArchive();

  // Returns the unpacked file, of 1 to `limit` bytes. Returns nullopt if there is no such file, or
  // it is encrypted, too long or damaged.
  std::optional<std::string> read(const std::string& name, std::size_t limit);

  // The bytes read from the archive since it was opened, plus all bytes unpacked, even of damaged
  // files.
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
