// The agent's part of the attach handshake and of waking the watchdog, on a blocking socket.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "shared/handshake.h"
#include "tests/support/agent_side.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/os/unix_address.h"

namespace pyfault::test {

inline std::int64_t clock_now_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

inline Hello hello_from(int pid, ArmStatus status = ArmStatus::kWillArm) {
  Hello hello{};
  hello.magic = kHandshakeMagic;
  hello.protocol = kProtocolVersion;
  hello.status = status;
  hello.pid = pid;
  hello.version_hex = 0x030d00f0;
  hello.realtime_ns = clock_now_ns(CLOCK_REALTIME);
  hello.boottime_ns = clock_now_ns(CLOCK_BOOTTIME);
  return hello;
}

class FakeAgent {
 public:
  // `address` is "@name" or a path.
  explicit FakeAgent(const std::string& address)
      : address_(address), socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    const UnixAddress name(address);
    // The size that the kernel gets does not include a terminating NUL.
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    connected_ = connect(socket_.get(), name.get(), size) == 0;
  }

  bool connected() const { return connected_; }

  // Sends one packet with all of `descriptors`.
  void say(std::span<const std::byte> bytes, std::span<const int> descriptors = {}) const {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(8 * sizeof(int))> control{};
    iovec body{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &body;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
      std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  }
  void say(const Hello& hello, std::span<const int> descriptors = {}) const {
    say(std::as_bytes(std::span(&hello, 1)), descriptors);
  }

  // Sends a hello with a ring and closes the connection.
  void attach(const Hello& hello) {
    const UniqueFd ring = make_ring();
    side.emplace(ring);
    const std::array descriptors{ring.get()};
    say(hello, descriptors);
    hang_up();
  }
  void hang_up() { socket_.reset(); }

  // Wakes the watchdog as a real agent usually does, without waiting.
  void wake() const { write_to_pipe(Wake{side->id()}); }
  // Returns false if the pipe is full.
  template <typename T>
  bool write_to_pipe(const T& bytes) const {
    const UniqueFd pipe(::open(pipe_path().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return ::write(pipe.get(), &bytes, sizeof bytes) == sizeof bytes;
  }
  std::string pipe_path() const { return address_.substr(1) + kWakePipeSuffix; }

  // Whether the watchdog has closed the connection.
  bool is_hung_up_on() const {
    pollfd poll_fd{socket_.get(), POLLIN, 0};
    return ::poll(&poll_fd, 1, 0) == 1;
  }

  // Whether the watchdog has answered. It may have left the ring again since, because a process
  // uses only one at a time.
  bool is_heard() const { return side && side->stage() != RingStage::kWaiting; }
  bool is_taken() const { return side && side->stage() == RingStage::kTaken; }

  std::optional<AgentSide> side;

 private:
  std::string address_;
  UniqueFd socket_;
  bool connected_ = false;
};

}  // namespace pyfault::test
