// Listening sockets for agents: an abstract one, which works across mount namespaces and chroot,
// and a path, which works across network namespaces. Both have the same name. The named pipe for
// wake-ups is next to the socket file.
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

// A private directory for one socket, removed with its owner. What a killed watchdog leaves behind
// is harmless, because names are never reused.
class SocketFolder {
 public:
  // Creates one in the first of `places` where no other user can remove it and the socket's path is
  // not too long. Returns nullopt if there is no such place.
  static std::optional<SocketFolder> make(std::span<const std::string> places,
                                          const std::string& suffix = "");

  SocketFolder(SocketFolder&& other) noexcept;
  SocketFolder& operator=(SocketFolder&&) = delete;
  ~SocketFolder();

  // Takes over the directory of a socket that another process has created.
  static SocketFolder of(const std::string& socket);

  // Gives up ownership without removing the directory.
  void leave() { folder_.clear(); }

  // The path of the socket. From make() it does not exist yet, and it ends in `suffix`.
  const std::string& socket() const { return socket_; }
  std::string wake_pipe() const { return socket_ + kWakePipeSuffix; }

 private:
  SocketFolder(std::string folder, std::string socket)
      : folder_(std::move(folder)), socket_(std::move(socket)) {}

  std::string folder_;  // empty: not owned
  std::string socket_;
};

// The signals that agents read from the socket's name.
struct DumpSignals {
  int on_request = 0;                            // for dump requests; 0: none
  std::vector<int> before_handlers = {SIGABRT};  // recorded before the program's own handler runs
};

class AgentListener {
 public:
  // Listens at once; goes without a socket file and a pipe if they cannot be created. With
  // `inherited` it takes over the listeners of another process, whose name has the signals. Throws
  // std::system_error, and std::runtime_error if these are not the listeners of an AgentListener.
  explicit AgentListener(const DumpSignals& signals,
                         std::optional<std::vector<UniqueFd>> inherited = {});

  // Leaves the files to another process that has the listeners too.
  void leave();

  // The address, spelled as in shared/handshake.h.
  const std::string& address() const { return address_; }

  // The wake-up pipe, non-blocking; open for reading and writing, so it never reaches end of file.
  // Empty if there is none. Call it once.
  UniqueFd take_wake_pipe() { return std::move(wake_pipe_); }

  // One or two listeners, non-blocking. Call it once.
  std::vector<UniqueFd> take_listeners() { return std::move(listeners_); }

 private:
  void listen(const DumpSignals& signals);
  void take_over();
  void listen_at_file();
  void open_wake_pipe();

  std::optional<SocketFolder> folder_;
  std::string address_;
  UniqueFd wake_pipe_;
  std::vector<UniqueFd> listeners_;
};

}  // namespace pyfault
