#include "watchdog/ctl/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <system_error>

#include "watchdog/control/socket_path.h"
#include "watchdog/ctl/exit_codes.h"
#include "watchdog/os/unix_stream.h"
#include "watchdog/start_error.h"

namespace pyfault::ctl {
namespace {

constexpr char kNoPlace[] =
    "where is the service? $XDG_RUNTIME_DIR is not set: name its socket by --socket PATH";

std::string place(const std::optional<std::string>& socket) {
  if (socket) return *socket;
  const auto path = default_control_socket(::geteuid(), std::getenv);
  if (!path) throw StartError(kExitNotRunning, kNoPlace);
  return *path;
}

[[noreturn]] void fail_to_connect(const std::string& path) {
  const int error = errno;
  if (error == EACCES || error == EPERM) {
    throw StartError(
        kExitFailed,
        fmt::format("not allowed to ask the service at '{}': be root or the user that it runs as",
                    path));
  }
  if (error == EAGAIN) {
    throw StartError(kExitFailed, fmt::format("the service at '{}' does not react", path));
  }
  throw StartError(
      kExitNotRunning,
      fmt::format("no service is running at '{}' ({}): start it, or name its socket by "
                  "--socket PATH",
                  path, std::generic_category().message(error)));
}

}  // namespace

Connection::Connection(const std::optional<std::string>& socket)
    : path_(place(socket)), socket_(connect_stream(path_)) {
  if (!socket_) fail_to_connect(path_);
}

// If the request cannot be sent, next() receives the reply that says why, or the end of the
// connection.
void Connection::ask(const Request& request) {
  const std::string line = request_line(request);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

Reply Connection::next(std::chrono::seconds limit) {
  std::size_t end = 0;
  while ((end = in_.find('\n')) == in_.npos) receive(limit);
  const std::string line = in_.substr(0, end);
  in_.erase(0, end + 1);
  try {
    return parse_reply(line);
  } catch (const std::exception&) {
    throw StartError(kExitFailed,
                     fmt::format("what listens at '{}' is not pyfault-watchdog", path_));
  }
}

void Connection::receive(std::chrono::seconds limit) {
  const int patience = limit.count() == 0 ? -1 : static_cast<int>(limit.count()) * 1000;
  pollfd readable{socket_.get(), POLLIN, 0};
  if (::poll(&readable, 1, patience) == 0) {
    throw StartError(kExitFailed, fmt::format("the service at '{}' does not react", path_));
  }
  char part[65536];
  const ssize_t size = ::recv(socket_.get(), part, sizeof part, 0);
  if (size < 0 && errno == EINTR) return;
  if (size <= 0) throw StartError(kExitFailed, "the service has ended the connection");
  in_.append(part, static_cast<std::size_t>(size));
}

}  // namespace pyfault::ctl
