// A private directory for the socket of one watchdog, and for the named pipe beside it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "shared/handshake.h"

namespace pyfault {

// The random bytes, written in hexadecimal, that make a listener's name one that is never reused.
inline constexpr std::size_t kListenerNameBytes = 8;

// Removed with its owner. What a killed watchdog leaves behind is harmless, because names are never
// reused.
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

// Removes the folders that killed watchdogs of this user have left in `place`: those that are a
// minute old and have nothing in them but sockets that nobody listens to, and pipes. Errors are
// ignored. It reads directories, so it is not for a loop.
void remove_abandoned_folders(const std::string& place);

}  // namespace pyfault
