// Sockets for a sink to send to, bound to a path or to a port of the loopback interface.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "watchdog/os/read_file.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/os/unix_address.h"

namespace pyfault {

inline void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

// Without this limit, a test whose message does not arrive would hang instead of failing.
inline void limit_waiting(const UniqueFd& socket) {
  const timeval limit{60, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

// Receives datagrams, each of which may carry a descriptor.
class UnixReceiver {
 public:
  explicit UnixReceiver(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const UnixAddress address(path);
    require(::bind(socket_.get(), address.get(), address.size()) == 0, "bind");
    limit_waiting(socket_);
  }

  std::string receive() {
    std::string bytes(1 << 20, '\0');
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    iovec content{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_.get(), &message, 0);
    require(size >= 0, "recvmsg");
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      memfd_.reset(fd);
    }
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  }

  // The descriptor that was received last, or -1.
  int memfd() const { return memfd_.get(); }
  std::string memfd_content() const {
    ::lseek(memfd_.get(), 0, SEEK_SET);
    return read_up_to(memfd_.get(), std::size_t{64} << 20);
  }

 private:
  UniqueFd socket_;
  UniqueFd memfd_;
};

// Accepts stream connections.
class UnixListener {
 public:
  explicit UnixListener(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const UnixAddress address(path);
    require(::bind(socket_.get(), address.get(), address.size()) == 0, "bind");
    limit_waiting(socket_);
    require(::listen(socket_.get(), 8) == 0, "listen");
  }

  UniqueFd accept() const {
    return UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  UniqueFd socket_;
};

class LoopbackReceiver {
 public:
  // `type` is SOCK_DGRAM or SOCK_STREAM. Port 0 picks a free port.
  explicit LoopbackReceiver(int type, std::uint16_t port = 0)
      : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
            "bind");
    limit_waiting(socket_);
    if (type == SOCK_STREAM) require(::listen(socket_.get(), 8) == 0, "listen");
  }

  std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  UniqueFd accept() const {
    return UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  std::string receive() const {
    std::string bytes(1 << 16, '\0');
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }

 private:
  UniqueFd socket_;
};

}  // namespace pyfault
