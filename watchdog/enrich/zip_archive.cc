#include "watchdog/enrich/zip_archive.h"

#include <minizip/unzip.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

namespace pyfault {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxPathBytes = 4096;  // longer than any path that Python could open
constexpr std::size_t kMaxFiles = 200'000;
constexpr unsigned kEncrypted = 1;  // general purpose bit flag, APPNOTE.TXT 4.4.4

}  // namespace

// minizip reads a byte or two at a time, so reads are served from a window of the file.
struct ZipArchive::Reader {
  Reader(UniqueFd file, std::size_t budget) : fd(std::move(file)), limit(budget) {
    struct stat info {};
    if (fstat(fd.get(), &info) == 0) size = static_cast<std::uint64_t>(info.st_size);
  }

  bool fill_window() {
    const std::size_t wanted = std::min(kWindowBytes, limit - bytes_read);
    const ssize_t got = pread(fd.get(), window.data(), wanted, static_cast<off_t>(position));
    if (got <= 0) return false;
    window_start = position;
    window_bytes = static_cast<std::size_t>(got);
    bytes_read += window_bytes;
    return true;
  }

  std::size_t read(char* to, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
      const bool inside = position >= window_start && position - window_start < window_bytes;
      if (!inside && !fill_window()) break;
      const std::size_t begin = position - window_start;
      const std::size_t piece = std::min(count - done, window_bytes - begin);
      std::memcpy(to + done, window.data() + begin, piece);
      done += piece;
      position += piece;
    }
    return done;
  }

  long seek(std::uint64_t offset, int origin) {
    const std::uint64_t from = origin == ZLIB_FILEFUNC_SEEK_END   ? size
                               : origin == ZLIB_FILEFUNC_SEEK_CUR ? position
                                                                  : 0;
    if (offset > size || from + offset > size) return -1;
    position = from + offset;
    return 0;
  }

  static Reader* of(void* opaque) { return static_cast<Reader*>(opaque); }
  zlib_filefunc64_def functions() {
    zlib_filefunc64_def all{};
    all.opaque = this;
    all.zopen64_file = [](void* self, const void*, int) { return self; };
    all.zread_file = [](void* self, void*, void* to, uLong count) -> uLong {
      return of(self)->read(static_cast<char*>(to), count);
    };
    all.ztell64_file = [](void* self, void*) -> ZPOS64_T { return of(self)->position; };
    all.zseek64_file = [](void* self, void*, ZPOS64_T offset, int origin) {
      return of(self)->seek(offset, origin);
    };
    all.zclose_file = [](void*, void*) { return 0; };
    all.zerror_file = [](void*, void*) { return 0; };
    return all;
  }

  UniqueFd fd;
  std::size_t limit;
  std::size_t bytes_read = 0;
  std::uint64_t size = 0;
  std::uint64_t position = 0;
  std::uint64_t window_start = 0;
  std::size_t window_bytes = 0;
  std::array<char, kWindowBytes> window;
};

ZipArchive::ZipArchive(UniqueFd fd, std::size_t budget)
    : reader_(std::make_unique<Reader>(std::move(fd), budget)) {
  zlib_filefunc64_def functions = reader_->functions();
  archive_ = unzOpen2_64("", &functions);
  if (archive_ != nullptr) list_files();
}

ZipArchive::~ZipArchive() {
  if (archive_ != nullptr) unzClose(archive_);
}

std::size_t ZipArchive::bytes_spent() const {
  return reader_->bytes_read + unpacked_;
}

// Builds the index once, because minizip would scan the whole directory for each file.
void ZipArchive::list_files() {
  std::array<char, kMaxPathBytes> name{};
  for (int got = unzGoToFirstFile(archive_); got == UNZ_OK && files_.size() < kMaxFiles;
       got = unzGoToNextFile(archive_)) {
    unz_file_info64 info{};
    unz64_file_pos at{};
    if (unzGetCurrentFileInfo64(archive_, &info, name.data(), name.size(), nullptr, 0, nullptr,
                                0) != UNZ_OK ||
        unzGetFilePos64(archive_, &at) != UNZ_OK) {
      return;
    }
    if (info.size_filename >= name.size()) continue;
    files_.insert_or_assign(std::string(name.data(), info.size_filename),
                            Position{at.pos_in_zip_directory, at.num_of_file});
  }
}

std::optional<std::string> ZipArchive::read(const std::string& name, std::size_t limit) {
  const auto found = files_.find(name);
  if (found == files_.end()) return std::nullopt;
  const unz64_file_pos at{found->second.in_directory, found->second.number};
  unz_file_info64 info{};
  if (unzGoToFilePos64(archive_, &at) != UNZ_OK ||
      unzGetCurrentFileInfo64(archive_, &info, nullptr, 0, nullptr, 0, nullptr, 0) != UNZ_OK ||
      (info.flag & kEncrypted) != 0 || info.uncompressed_size == 0 ||
      info.uncompressed_size > limit || unzOpenCurrentFile(archive_) != UNZ_OK) {
    return std::nullopt;
  }
  std::string text(info.uncompressed_size, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const int got =
        unzReadCurrentFile(archive_, text.data() + done, static_cast<unsigned>(text.size() - done));
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  unpacked_ += done;
  // Closing is where minizip reports a checksum mismatch.
  const bool sound = unzCloseCurrentFile(archive_) == UNZ_OK;
  if (!sound || done < text.size()) return std::nullopt;
  return text;
}

}  // namespace pyfault
