#include "watchdog/os/seqpacket.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "watchdog/os/require.h"
#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxDescriptors = 2;  // per packet sent
// Pending connections; the kernel caps this at net.core.somaxconn.
constexpr int kAgentBacklog = 65535;

UniqueFd listen_at(const std::string& name) {
  if (!UnixAddress::fits(name)) throw std::length_error("socket name too long");
  const UnixAddress address(name);
  UniqueFd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  require(bool{listener}, "socket");
  require(bind(listener.get(), address.get(), address.size()) == 0, "bind");
  require(listen(listener.get(), kAgentBacklog) == 0, "listen");
  return listener;
}

// The kernel rounds the control buffer up, so a second descriptor may fit.
UniqueFd first_descriptor(const msghdr& message, bool& has_more) {
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len < CMSG_LEN(sizeof(int))) {
    return {};
  }
  const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  std::vector<int> numbers(count);
  std::memcpy(numbers.data(), CMSG_DATA(header), count * sizeof(int));
  has_more = has_more || count > 1;
  std::vector<UniqueFd> descriptors(numbers.begin(), numbers.end());
  return std::move(descriptors.front());
}

}  // namespace

UniqueFd listen_abstract(const std::string& name) {
  return listen_at('@' + name);
}

UniqueFd listen_at_path(const std::string& path) {
  return listen_at(path);
}

std::string listening_address(int socket) {
  int listens = 0;
  int type = 0;
  socklen_t option_size = sizeof(int);
  const bool is_one =
      getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &option_size) == 0 && listens != 0 &&
      getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &option_size) == 0 && type == SOCK_SEQPACKET;
  return is_one ? UnixAddress::of(socket) : "";
}

UniqueFd accept_connection(int listener) {
  return UniqueFd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

std::optional<ucred> peer_credentials(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

UniqueFd peer_pidfd(int socket) {
  constexpr int kPeerPidfd = 77;  // SO_PEERPIDFD, which Debian 12's headers do not have
  int pidfd = -1;
  socklen_t size = sizeof pidfd;
  if (getsockopt(socket, SOL_SOCKET, kPeerPidfd, &pidfd, &size) != 0) return {};
  return UniqueFd(pidfd);
}

std::optional<Packet> receive_packet(int socket, std::span<std::byte> bytes) {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  iovec body{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  Packet packet{static_cast<std::size_t>(size), {}, (message.msg_flags & MSG_CTRUNC) != 0};
  packet.descriptor = first_descriptor(message, packet.has_more_descriptors);
  return packet;
}

bool send_with_descriptors(int socket, std::span<const std::byte> packet,
                           std::span<const int> descriptors) {
  if (descriptors.size() > kMaxDescriptors) return false;
  alignas(cmsghdr) std::byte control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
  iovec body{const_cast<std::byte*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());

  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  const auto bytes = std::as_bytes(descriptors);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::byte*>(CMSG_DATA(header)));
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(packet.size());
}

}  // namespace pyfault
