#include "watchdog/sink/reopening_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace pyfault {
namespace {

bool is_regular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

bool leads_to(const std::string& name, int fd) {
  struct stat named {};
  struct stat open {};
  return ::stat(name.c_str(), &named) == 0 && ::fstat(fd, &open) == 0 &&
         named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

std::string name_of(int fd) {
  std::error_code unknown;
  return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), unknown);
}

}  // namespace

ReopeningFile ReopeningFile::named(UniqueFd fd, mode_t mode) {
  std::string name = is_regular(fd.get()) ? name_of(fd.get()) : "";
  if (!name.starts_with('/') || !leads_to(name, fd.get())) name.clear();
  return {std::move(fd), std::move(name), mode};
}

int ReopeningFile::follow_name() {
  if (name_.empty() || leads_to(name_, fd_.get())) return 0;
  UniqueFd anew = open_for_append(name_, mode_);
  if (!anew) return errno;
  fd_ = std::move(anew);
  return 0;
}

}  // namespace pyfault
