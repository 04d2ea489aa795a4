// Where agents knock: an abstract socket, which a process finds that sees other files than we do
// (chroot, mount namespace), and a socket file, which one finds that is in another network
// namespace. Both have one name. Beside the file is the named pipe for wake-ups.
#pragma once

#include <csignal>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/handshake.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// A directory that only we may enter, for one socket; it goes with its owner. What a watchdog
// leaves that was killed harms nobody: names are not used again.
class SocketFolder {
 public:
  // In the first of `places` where one can be made that nobody else can take away, and a socket in
  // it can be named.
  static std::optional<SocketFolder> make(std::span<const std::string> places,
                                          const std::string& suffix = "");

  SocketFolder(SocketFolder&& other) noexcept;
  SocketFolder& operator=(SocketFolder&&) = delete;
  ~SocketFolder();

  // One that another process has made, for this socket, and which is ours now.
  static SocketFolder of(const std::string& socket);

  // Leaves it where it is.
  void leave() { folder_.clear(); }

  // The path for the socket, which is not there yet. It ends in `suffix`.
  const std::string& socket() const { return socket_; }
  std::string wake_pipe() const { return socket_ + kWakePipeSuffix; }

 private:
  SocketFolder(std::string folder, std::string socket)
      : folder_(std::move(folder)), socket_(std::move(socket)) {}

  std::string folder_;  // empty: moved from
  std::string socket_;
};

// What agents read off the name of their door: signals.
struct DumpSignals {
  int on_request = 0;  // by which they will be asked for dumps; 0: none
  std::vector<int> before_handlers = {
      SIGABRT};  // that they record before the program handles them itself
};

class Door {
 public:
  // Listens at once; without a socket file and a pipe where none can be made. Throws
  // std::system_error.
  explicit Door(const DumpSignals& signals);

  // One at which another process has listened. Throws std::runtime_error when it is none.
  explicit Door(std::vector<UniqueFd> listeners);

  // Leaves it to the process that has the listeners too.
  void leave();

  // As shared/handshake.h spells it.
  const std::string& address() const { return address_; }

  // Both ends of the pipe, so that it never comes to its end; non-blocking. Empty where there is
  // none. Once.
  UniqueFd take_wake_pipe() { return std::move(wake_pipe_); }

  // One or two, non-blocking; once.
  std::vector<UniqueFd> take_listeners() { return std::move(listeners_); }

 private:
  void listen_at_file();
  void open_wake_pipe();

  std::optional<SocketFolder> folder_;
  std::string address_;
  UniqueFd wake_pipe_;
  std::vector<UniqueFd> listeners_;
};

}  // namespace pyfault
