// The agent's part of the attach handshake, on a blocking socket.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "shared/handshake.h"
#include "tests/support/agent_side.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

inline Hello hello_from(int pid, ArmStatus status = ArmStatus::kWillArm) {
  return {kHandshakeMagic, kProtocolVersion, status, pid, 0x030d00f0, 0, 0};
}

class FakeAgent {
 public:
  // address: "@name", or a path
  explicit FakeAgent(const std::string& address)
      : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    address.copy(name.sun_path, sizeof(name.sun_path));
    if (address.starts_with('@')) name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    connected_ = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&name), size) == 0;
  }

  bool connected() const { return connected_; }
  void say(std::span<const std::byte> bytes) const {
    ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void say(const Hello& hello) const { say(std::as_bytes(std::span(&hello, 1))); }

  // An answer, or the end of the connection.
  bool answered() const {
    pollfd poll_fd{socket_.get(), POLLIN, 0};
    return ::poll(&poll_fd, 1, 0) == 1;
  }

  // Takes the answer. False: the watchdog hung up.
  bool take_welcome() {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(2 * sizeof(int))> control{};
    iovec body{&welcome, sizeof(welcome)};
    msghdr message{};
    message.msg_iov = &body;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC) != sizeof(welcome)) return false;
    std::array<int, 2> descriptors{};
    std::memcpy(descriptors.data(), CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(descriptors));
    const UniqueFd ring(descriptors[0]);
    side.emplace(ring.get(), UniqueFd(descriptors[1]));
    return true;
  }

  Welcome welcome{};
  std::optional<AgentSide> side;

 private:
  UniqueFd socket_;
  bool connected_ = false;
};

}  // namespace pyfault::test
