#include "watchdog/os/unix_stream.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

constexpr int kBacklog = 128;

using Step = int (*)(int, const sockaddr*, socklen_t);

bool at_path(Step step, int socket, const std::string& path) {
  if (!UnixAddress::fits(path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  const UnixAddress address(path);
  return step(socket, address.get(), address.size()) == 0;
}

}  // namespace

UniqueFd listen_on_stream(const std::string& path, unsigned mode) {
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Set before bind(), which takes over the mode, so the socket is never visible with another one.
  // umask() would affect all threads.
  const bool done = listener && ::fchmod(listener.get(), mode) == 0 &&
                    at_path(::bind, listener.get(), path) &&
                    ::listen(listener.get(), kBacklog) == 0;
  return done ? std::move(listener) : UniqueFd();
}

UniqueFd connect_stream(const std::string& path) {
  constexpr timeval kSendTimeout{5, 0};
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool done = socket &&
                    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout,
                                 sizeof kSendTimeout) == 0 &&
                    at_path(::connect, socket.get(), path);
  return done ? std::move(socket) : UniqueFd();
}

}  // namespace pyfault
