#include "watchdog/os/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

// The buffer grows with the content: `limit` may be far larger, and most files of /proc are short.
constexpr std::size_t kFirstChunk = std::size_t{4} << 10;

ssize_t read_some(int fd, char* to, std::size_t size) {
  ssize_t count = 0;
  do {
    count = ::read(fd, to, size);
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

std::string read_up_to(int fd, std::size_t limit) {
  std::string text;
  while (text.size() < limit) {
    const std::size_t had = text.size();
    text.resize(std::min(limit, std::max(kFirstChunk, 2 * had)));
    const ssize_t count = read_some(fd, text.data() + had, text.size() - had);
    text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count <= 0) break;
  }
  return text;
}

std::optional<std::string> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  return read_up_to(fd.get(), limit);
}

std::string end_of_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit) ::lseek(fd.get(), -static_cast<off_t>(limit), SEEK_END);
  return read_up_to(fd.get(), limit);
}

}  // namespace pyfault
