// The operator's end of a socket pair; the server has the other end. The event loop runs only while
// the test waits for something.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class OperatorClient {
 public:
  OperatorClient() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
      throw std::runtime_error("socketpair");
    }
    own_.reset(ends[0]);
    servers_.reset(ends[1]);
  }

  UniqueFd take_servers_end() { return std::move(servers_); }

  // Sends as much of `text` as the socket takes.
  void send(std::string_view text) const {
    [[maybe_unused]] const ssize_t sent =
        ::send(own_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  // Reads until the server has nothing more to do at the moment.
  std::string read(boost::asio::io_context& io) {
    std::string all;
    char part[65536];
    for (;;) {
      io.restart();
      io.poll();
      const ssize_t size = ::recv(own_.get(), part, sizeof part, 0);
      if (size <= 0) return all;
      all.append(part, static_cast<std::size_t>(size));
    }
  }

  bool is_closed() const {
    pollfd hung_up{own_.get(), POLLIN, 0};
    return ::poll(&hung_up, 1, 0) == 1 && (hung_up.revents & POLLHUP) != 0;
  }

  void hang_up() { own_.reset(); }

 private:
  UniqueFd own_;
  UniqueFd servers_;
};

}  // namespace pyfault
