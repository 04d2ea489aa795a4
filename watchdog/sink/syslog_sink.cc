#include "watchdog/sink/syslog_sink.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <memory>

#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

using Transport = SyslogAddress::Transport;

// The timeout of connect(2), and of send(2) to a receiver that does not read.
constexpr timeval kSendTimeout{5, 0};

struct Connection {
  UniqueFd socket;
  int error = 0;
};

bool is_stream(int socket) {
  int type = SOCK_DGRAM;
  socklen_t size = sizeof type;
  ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size);
  return type == SOCK_STREAM;
}

Connection connect_to(int family, int type, const sockaddr* address, socklen_t size) {
  UniqueFd fd(::socket(family, type | SOCK_CLOEXEC, 0));
  if (!fd) return {{}, errno};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  if (::connect(fd.get(), address, size) == 0) return {std::move(fd), 0};
  return {{}, errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT : errno};
}

Connection connect_by_name(const SyslogAddress& address, int type) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (failed != 0) return {{}, failed == EAI_SYSTEM ? errno : EHOSTUNREACH};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  Connection connection;
  for (const addrinfo* one = found; one != nullptr && !connection.socket; one = one->ai_next) {
    connection = connect_to(one->ai_family, type, one->ai_addr, one->ai_addrlen);
  }
  return connection;
}

Connection connect_to(const SyslogAddress& address) {
  if (address.transport != Transport::kLocal) {
    const bool tcp = address.transport == Transport::kTcp;
    return connect_by_name(address, tcp ? SOCK_STREAM : SOCK_DGRAM);
  }
  const UnixAddress path(address.host);
  Connection of_datagrams = connect_to(AF_UNIX, SOCK_DGRAM, path.get(), path.size());
  if (of_datagrams.error != EPROTOTYPE) return of_datagrams;
  return connect_to(AF_UNIX, SOCK_STREAM, path.get(), path.size());
}

// Whether the peer has closed the connection and would not see a message. A syslog daemon never
// sends data.
bool has_ended(int socket) {
  char ignored = 0;
  return ::recv(socket, &ignored, 1, MSG_DONTWAIT) == 0;
}

}  // namespace

int SyslogSink::write(std::string_view message) {
  if (socket_ && is_stream(socket_.get()) && has_ended(socket_.get())) socket_.reset();
  if (socket_) {
    const int error = send(framed(message));
    if (error == 0 || error == EMSGSIZE) return error;
  }
  const int error = connect();
  return error == 0 ? send(framed(message)) : error;
}

std::string SyslogSink::framed(std::string_view message) const {
  std::string bytes(message);
  if (address_.transport == Transport::kTcp) return fmt::format("{} {}", bytes.size(), bytes);
  if (is_stream(socket_.get())) bytes += '\0';
  return bytes;
}

int SyslogSink::connect() {
  Connection connection = connect_to(address_);
  socket_ = std::move(connection.socket);
  return connection.error;
}

// After a partial message the stream is out of sync, so the connection is closed on errors.
int SyslogSink::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      const int error = errno;
      if (error != EMSGSIZE) socket_.reset();
      // EPIPE would mean a pipe that gets no new reader (async_writer.cc).
      return error == EPIPE ? ECONNRESET : error == EAGAIN ? ETIMEDOUT : error;
    }
  }
  return 0;
}

}  // namespace pyfault
