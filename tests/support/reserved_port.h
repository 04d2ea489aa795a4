// A port for a daemon that has to be told one.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <stdexcept>

#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

// Of the loopback; as long as this lives, the kernel gives it to nobody who asks for any free one.
// A daemon may bind it beside us if it sets SO_REUSEADDR, as daemons do, and gets all that is sent
// there: we do not listen. Until then connections are refused.
class ReservedPort {
 public:
  // SOCK_STREAM or SOCK_DGRAM.
  explicit ReservedPort(int type) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(socket_.get(), address, size) != 0 ||
        ::getsockname(socket_.get(), address, &size) != 0 ||
        // A socket of datagrams that is connected to itself takes nobody else's.
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
