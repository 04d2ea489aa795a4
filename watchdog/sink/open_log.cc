#include "watchdog/sink/open_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "watchdog/os/path_trust.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

std::string advice(int error) {
  switch (error) {
    case ENOENT:
      return "the directory does not exist; create it first";
    case ENXIO:
      return "it is a socket, or a FIFO that nothing reads from";
    case ELOOP:
      return "it is a link, and others may write to a directory above it; name the file itself";
    case EPERM:
      return "others may write to a directory above it, and it is not ours, or has another name "
             "too";
    default:
      return std::generic_category().message(error);
  }
}

// Whether the file belongs to us, to root or to the owner of its directory, and has no other hard
// link.
bool is_sound(const UniqueFd& fd, const PathTrust& trust) {
  struct stat file {};
  if (::fstat(fd.get(), &file) != 0) return false;
  const bool is_theirs = trust.owner && file.st_uid == trust.owner->uid;
  return (is_theirs || file.st_uid == 0 || file.st_uid == ::geteuid()) &&
         (!S_ISREG(file.st_mode) || file.st_nlink == 1);
}

// A link may have been put on the path since it was checked.
UniqueFd open_without_links(const std::string& file, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_NOFOLLOW);
  how.mode = mode;
  how.resolve = RESOLVE_NO_SYMLINKS;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, file.c_str(), &how, sizeof how)));
  // Kernels before 5.6, and sandboxes that do not know openat2, refuse it.
  const bool is_unknown = !fd && (errno == ENOSYS || errno == EPERM);
  return is_unknown ? UniqueFd(::open(file.c_str(), flags | O_NOFOLLOW, mode)) : std::move(fd);
}

}  // namespace

UniqueFd open_for_append(const std::string& file, mode_t mode) {
  // Non-blocking, so a FIFO without a reader is an error instead of a wait.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const PathTrust trust = trust_in(file);
  if (!trust.owner && !trust.is_shared) return UniqueFd(::open(file.c_str(), kFlags, mode));
  if (!trust.owner && trust.has_shared_link) {
    errno = ELOOP;
    return {};
  }
  const ScopedOwnerRights rights(trust);
  UniqueFd fd;
  if (rights) {
    fd = trust.owner ? UniqueFd(::open(file.c_str(), kFlags | O_NOFOLLOW, mode))
                     : open_without_links(trust.resolved, kFlags, mode);
  }
  if (rights && (!fd || is_sound(fd, trust))) return fd;
  errno = EPERM;
  return {};
}

UniqueFd open_log_file(const std::string& file, const std::string& what, mode_t mode) {
  UniqueFd fd = open_for_append(file, mode);
  if (!fd)
    throw StartError(kExitOwnError, fmt::format("{}: cannot write there: {}", what, advice(errno)));
  return fd;
}

UniqueFd open_stderr() {
  return UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace pyfault
