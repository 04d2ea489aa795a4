// Listening sockets for agents: an abstract one, which works across mount namespaces and chroot,
// and a path, which works across network namespaces. Both have the same name. The named pipe for
// wake-ups is next to the socket file.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "watchdog/ingest/socket_folder.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

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

  // Removes what the listeners of killed watchdogs have left; not for a loop (socket_folder.h).
  static void remove_abandoned();

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
