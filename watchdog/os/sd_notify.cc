#include "watchdog/os/sd_notify.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>

#include "watchdog/os/seqpacket.h"

namespace pyfault {

SdNotify::SdNotify(std::string_view address) {
  sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
  if (address.empty() || address.size() >= sizeof name.sun_path) return;
  address.copy(name.sun_path, address.size());
  if (address.starts_with('@')) name.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), size) == 0) {
    socket_ = std::move(fd);
  }
}

SdNotify::Outcome SdNotify::send(std::string_view assignments,
                                 std::span<const int> descriptors) const {
  if (send_with_descriptors(socket_.get(), std::as_bytes(std::span(assignments)), descriptors)) {
    return Outcome::kDone;
  }
  const bool is_full = errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS;
  return is_full ? Outcome::kLater : Outcome::kFailed;
}

bool SdNotify::await_room(int timeout_ms) const {
  pollfd socket{socket_.get(), POLLOUT, 0};
  return ::poll(&socket, 1, timeout_ms) == 1;
}

}  // namespace pyfault
