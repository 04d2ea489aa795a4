// The service manager's notification socket: sd_notify(3), but it never waits.
#pragma once

#include <span>
#include <string_view>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class SdNotify {
 public:
  // Talks to nobody.
  SdNotify() = default;

  // `address` as NOTIFY_SOCKET has it: a path, or "@" and an abstract name. Talks to nobody when it
  // can't be reached.
  explicit SdNotify(std::string_view address);

  // Is there somebody to talk to?
  explicit operator bool() const { return bool{socket_}; }

  enum class Outcome {
    kDone,
    kLater,   // there is no room now; await_room() may help
    kFailed,  // will not get better
  };

  // Assignments, one a line, with at most two descriptors.
  Outcome send(std::string_view assignments, std::span<const int> descriptors = {}) const;

  // At most so long. False: there is none.
  bool await_room(int timeout_ms) const;

 private:
  UniqueFd socket_;
};

}  // namespace pyfault
