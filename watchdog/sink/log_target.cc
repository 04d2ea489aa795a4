#include "watchdog/sink/log_target.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#include "watchdog/start_error.h"

namespace pyfault {
namespace {

std::string advice(int error) {
  switch (error) {
    case ENOENT:
      return "the directory does not exist; create it first";
    case ENXIO:
      return "it is a socket, or a FIFO that nothing reads from";
    default:
      return std::generic_category().message(error);
  }
}

}  // namespace

UniqueFd open_for_append(const std::string& file) {
  // Non-blocking, so that a FIFO without a reader is an error and not a wait.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return UniqueFd(::open(file.c_str(), kFlags, 0644));
}

UniqueFd open_log_file(const std::string& file, const std::string& what) {
  UniqueFd fd = open_for_append(file);
  if (!fd) throw StartError(kExitOwnError, what + ": cannot write there: " + advice(errno));
  return fd;
}

UniqueFd open_stderr() {
  return UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace pyfault
