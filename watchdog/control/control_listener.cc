#include "watchdog/control/control_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "watchdog/control/reply.h"
#include "watchdog/os/seqpacket.h"
#include "watchdog/os/unix_stream.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr mode_t kOursAlone = 0600;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw StartError(kExitOwnError, fmt::format("no control socket at '{}': {}", path, why));
}

std::string last_error() {
  return std::generic_category().message(errno);
}

// Other users may look into it, for the link that guests follow; the socket is closed to them.
void make_directory_of(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (directory.empty() || ::mkdir(directory.c_str(), 0755) == 0 || errno == EEXIST) return;
  refuse(path, "cannot make its directory: " + last_error());
}

UniqueFd lock(const std::string& path) {
  make_directory_of(path);
  UniqueFd fd(
      ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOursAlone));
  if (!fd) refuse(path, "cannot open its lock file: " + last_error());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    refuse(path, "another service listens there; give each its own by [control] socket");
  }
  return fd;
}

// The lock is held, so a socket without a listener belongs to a dead service.
void clear_the_place(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) refuse(path, "there is a file that is not a socket");
  if (connect_stream(path) || errno == EAGAIN) refuse(path, "another program listens there");
  ::unlink(path.c_str());
}

UniqueFd listen_at(const std::string& path) {
  clear_the_place(path);
  UniqueFd listener = listen_on_stream(path, kOursAlone);
  if (!listener) refuse(path, last_error());
  return listener;
}

bool may_come_in(int connection) {
  const auto peer = peer_credentials(connection);
  return peer && (peer->uid == 0 || peer->uid == ::geteuid());
}

void turn_away(int connection) {
  const std::string line = reply_line(ErrorReply{"only root and the service's own user may ask"});
  ::send(connection, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

ControlListener::ControlListener(boost::asio::io_context& io, const std::string& path,
                                 OnConnection on_connection)
    : path_(path),
      lock_(lock(path)),
      on_connection_(std::move(on_connection)),
      listener_(io, listen_at(path), [this](UniqueFd connection) { take(std::move(connection)); }) {
  listener_.start();
}

ControlListener::~ControlListener() {
  ::unlink(path_.c_str());
}

void ControlListener::take(UniqueFd connection) {
  if (!may_come_in(connection.get())) return turn_away(connection.get());
  on_connection_(std::move(connection));
}

}  // namespace pyfault
