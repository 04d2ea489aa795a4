#include "watchdog/os/seqpacket.h"

#include <algorithm>
#include <stdexcept>

#include "watchdog/os/require.h"
#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

constexpr int kAgentBacklog = 128;
constexpr std::size_t kMaxDescriptors = 2;

UniqueFd listen_at(const std::string& name) {
  if (!UnixAddress::fits(name)) throw std::length_error("socket name too long");
  const UnixAddress address(name);
  UniqueFd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  require(bool{listener}, "socket");
  require(bind(listener.get(), address.get(), address.size()) == 0, "bind");
  require(listen(listener.get(), kAgentBacklog) == 0, "listen");
  return listener;
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

bool receive_exactly(int socket, std::span<std::byte> packet) {
  const ssize_t size = recv(socket, packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC);
  return size == static_cast<ssize_t>(packet.size());
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
