#include "watchdog/service/guest_link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace pyfault {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error(fmt::format("no link at '{}': {}", path, why));
}

std::string last_error() {
  return std::generic_category().message(errno);
}

UniqueFd lock(const std::string& path) {
  constexpr mode_t kForAllToLookInto = 0755;
  constexpr mode_t kOursAlone = 0600;
  const std::string directory = path.substr(0, path.rfind('/'));
  if (::mkdir(directory.c_str(), kForAllToLookInto) != 0 && errno != EEXIST) {
    refuse(path, "cannot make its directory: " + last_error());
  }
  UniqueFd fd(
      ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOursAlone));
  if (!fd) refuse(path, "cannot open its lock file: " + last_error());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) refuse(path, "another service is found there");
  return fd;
}

// Nobody finds the place empty in between.
void point(const std::string& path, const std::string& address) {
  const std::string aside = path + ".new";
  ::unlink(aside.c_str());
  const bool is_done = ::symlink(address.c_str(), aside.c_str()) == 0 &&
                       std::rename(aside.c_str(), path.c_str()) == 0;
  if (!is_done) refuse(path, last_error());
}

}  // namespace

GuestLink::GuestLink(std::string path, const std::string& address)
    : path_(std::move(path)), lock_(lock(path_)) {
  point(path_, address);
}

GuestLink::~GuestLink() {
  if (is_ours_) ::unlink(path_.c_str());
}

}  // namespace pyfault
