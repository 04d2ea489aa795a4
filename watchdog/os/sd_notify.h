// Non-blocking client of the service manager's notification socket (sd_notify(3)).
#pragma once

#include <span>
#include <string_view>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class SdNotify {
 public:
  // A client without a socket.
  SdNotify() = default;

  // `address` is spelled as in NOTIFY_SOCKET: a path, or "@" and an abstract name. If it cannot be
  // reached, the client has no socket.
  explicit SdNotify(std::string_view address);

  // Whether there is a socket.
  explicit operator bool() const { return bool{socket_}; }

  enum class Outcome {
    kDone,
    kLater,   // the socket is full; await_room() may help
    kFailed,  // permanent failure
  };

  // Sends assignments, one per line, with at most two descriptors.
  Outcome send(std::string_view assignments, std::span<const int> descriptors = {}) const;

  // Waits at most `timeout_ms` for room. Returns false if there is none.
  bool await_room(int timeout_ms) const;

 private:
  UniqueFd socket_;
};

}  // namespace pyfault
