// Descriptors that a sink writes reports to, and what arrives at their other ends.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

struct Channel {
  UniqueFd reader;
  UniqueFd writer;

  static Channel pipe(int flags = 0) {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC | flags) != 0) throw std::runtime_error("pipe2");
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
  }

  // Keeps the boundaries between writes, so that a test can count them.
  static Channel packets() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
      throw std::runtime_error("socketpair");
    }
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
  }

  // One read: a single packet, or what the pipe holds at the moment.
  std::string read_once() {
    std::array<char, 65536> bytes{};
    const ssize_t size = ::read(reader.get(), bytes.data(), bytes.size());
    return {bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  // Reads until all writers have closed their ends.
  std::string read_to_end() {
    std::string all;
    for (std::string part = read_once(); !part.empty(); part = read_once()) all += part;
    return all;
  }

  UniqueFd another_writer() const { return UniqueFd(::fcntl(writer.get(), F_DUPFD_CLOEXEC, 0)); }

  // Fills a pipe completely, and returns how many bytes that took.
  std::size_t fill() {
    const int flags = ::fcntl(writer.get(), F_GETFL);
    ::fcntl(writer.get(), F_SETFL, flags | O_NONBLOCK);
    const std::string page(4096, '.');
    std::size_t total = 0;
    for (ssize_t size = 1; size > 0;) {
      size = ::write(writer.get(), page.data(), page.size());
      if (size > 0) total += static_cast<std::size_t>(size);
    }
    ::fcntl(writer.get(), F_SETFL, flags);
    return total;
  }
};

}  // namespace pyfault
