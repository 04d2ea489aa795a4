// A TCP connection to a port of the loopback interface, as nc makes one.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

class LoopbackClient {
 public:
  explicit LoopbackClient(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
  }

  // Stops early if the other side closes the connection.
  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  std::string read_to_end() const {
    std::string all;
    char part[4096];
    for (ssize_t size = 1; (size = ::recv(socket_.get(), part, sizeof part, 0)) > 0;) {
      all.append(part, static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  UniqueFd socket_;
};

}  // namespace pyfault::test
