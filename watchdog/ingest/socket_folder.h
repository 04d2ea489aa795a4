// A private directory for the socket of one watchdog, and for the named pipe beside it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "shared/handshake.h"

namespace pyfault {

// Removed with its owner. What a killed watchdog leaves behind is harmless, because names are never
// reused, and is removed by the next one that makes a folder in the same place.
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

}  // namespace pyfault
