// A connection to the service: requests and their replies.
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
  // Connects to the service at `socket`; nullopt: at the default path. Throws StartError, with
  // kExitNotRunning if there is no service.
  explicit Connection(const std::optional<std::string>& socket);

  void ask(const Request& request);

  // Returns the next reply, after at most `limit` (0: no limit). Throws StartError if there will be
  // none.
  Reply next(std::chrono::seconds limit);

 private:
  void receive(std::chrono::seconds limit);

  std::string path_;
  UniqueFd socket_;
  std::string in_;
};

}  // namespace pyfault::ctl
