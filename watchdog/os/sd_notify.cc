#include "watchdog/os/sd_notify.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "watchdog/os/seqpacket.h"
#include "watchdog/os/unix_address.h"

namespace pyfault {

SdNotify::SdNotify(std::string_view address) {
  if (address.empty() || !UnixAddress::fits(address)) return;
  const UnixAddress name(address);
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(fd.get(), name.get(), name.size()) == 0) socket_ = std::move(fd);
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
