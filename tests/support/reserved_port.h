// Reserves a port for a daemon that has to be told which port to use.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <stdexcept>

#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

// A port of the loopback interface. As long as this object lives, the kernel does not give the port
// to programs that ask for any free one. A daemon that sets SO_REUSEADDR, as daemons do, can bind
// the port as well and receives everything that is sent there, because we do not listen. Before
// that, connections are refused.
class ReservedPort {
 public:
  // `type` is SOCK_STREAM or SOCK_DGRAM.
  explicit ReservedPort(int type) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(socket_.get(), address, size) != 0 ||
        ::getsockname(socket_.get(), address, &size) != 0 ||
        // A datagram socket that is connected to itself receives nothing from other sockets.
        (type == SOCK_DGRAM && ::connect(socket_.get(), address, size) != 0)) {
      throw std::runtime_error("no free port");
    }
  }

  std::uint16_t number() const { return ntohs(address_.sin_port); }
  int socket() const { return socket_.get(); }

 private:
  sockaddr_in address_{};
  UniqueFd socket_;
};

}  // namespace pyfault::test
