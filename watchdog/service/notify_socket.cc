#include "watchdog/service/notify_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "watchdog/os/random_hex.h"
#include "watchdog/os/require.h"
#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

constexpr std::size_t kAddressBytes = 8;
constexpr std::size_t kMaxMessage = 4096;
constexpr int kMessagesAtOnce = 16;

UniqueFd bind_datagram(const std::string& name) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  require(bool{fd}, "socket");
  const int on = 1;
  require(::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0, "setsockopt");
  const UnixAddress address(name);
  require(::bind(fd.get(), address.get(), address.size()) == 0, "bind");
  return fd;
}

std::string new_address() {
  return fmt::format("@pyfault-notify-{}-{}", ::getpid(), random_hex(kAddressBytes));
}

std::string bound_address(int fd) {
  std::string address = UnixAddress::of(fd);
  if (!address.starts_with('@')) throw std::runtime_error("its notification socket is none");
  return address;
}

struct Datagram {
  ucred sender{};
  std::string text;
};

// There is no room for SCM_RIGHTS, so the kernel drops any descriptors that are passed along.
std::optional<Datagram> next_datagram(int fd) {
  std::array<char, kMaxMessage> text;
  iovec body{text.data(), text.size()};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(ucred))> control{};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  ucred sender{};
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_CREDENTIALS) {
    std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
  }
  return Datagram{sender, std::string(text.data(), static_cast<std::size_t>(size))};
}

}  // namespace

Notification parse_notification(const ucred& sender, std::string_view text) {
  Notification notification{sender.pid, sender.uid, false};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    notification.ready = notification.ready || text.substr(0, end) == "READY=1";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return notification;
}

NotifySocket::NotifySocket(boost::asio::io_context& io,
                           std::function<void(const Notification&)> on_message,
                           std::optional<UniqueFd> inherited)
    : address_(inherited ? bound_address(inherited->get()) : new_address()),
      on_message_(std::move(on_message)),
      socket_(io, inherited ? std::move(*inherited) : bind_datagram(address_),
              [this] { receive(); }) {
  socket_.start();
}

void NotifySocket::receive() {
  for (int count = 0; count < kMessagesAtOnce; ++count) {
    const auto datagram = next_datagram(socket_.get());
    if (!datagram) return;
    on_message_(parse_notification(datagram->sender, datagram->text));
  }
}

}  // namespace pyfault
