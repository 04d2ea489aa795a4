// The fixed place where processes that were given no PYFAULT_SOCKET look for a service: a symbolic
// link whose text is the address at which the service takes them, spelled as in PYFAULT_SOCKET.
//
// The address itself is never reused (ingest/agent_listener.h), so who follows a link that a killed
// service has left finds nobody, at once. Whoever may write beside the link could lead others
// astray, but not far: a process attaches only to a listener of root or of its own user.
#pragma once

#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class GuestLink {
 public:
  // Replaces what a previous service has left there, and creates the directory if it is missing,
  // for everybody to look into. A lock on PATH.lock, which the kernel releases with the process,
  // keeps the place for one service. Throws std::runtime_error, with the reason.
  GuestLink(std::string path, const std::string& address);
  // Removes the link, but not after leave().
  ~GuestLink();
  GuestLink(const GuestLink&) = delete;
  GuestLink& operator=(const GuestLink&) = delete;

  // The next watchdog goes on with the same listener.
  void leave() { is_ours_ = false; }

 private:
  const std::string path_;
  const UniqueFd lock_;
  bool is_ours_ = true;
};

}  // namespace pyfault
