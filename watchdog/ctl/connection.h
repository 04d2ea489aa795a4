// The way to the service: a request, and the replies to it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "watchdog/control/reply.h"
#include "watchdog/control/request.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault::ctl {

class Connection {
 public:
  // To the service at `socket`; none: where it listens when nobody says otherwise. Throws
  // StartError, with kExitNotRunning where there is none.
  explicit Connection(const std::optional<std::string>& socket);

  void ask(const Request& request);

  // The next reply, after at most `limit`; 0: however long it takes. Throws StartError where there
  // will be none.
  Reply next(std::chrono::seconds limit);

 private:
  void receive(std::chrono::seconds limit);

  std::string path_;
  UniqueFd socket_;
  std::string in_;
};

}  // namespace pyfault::ctl
