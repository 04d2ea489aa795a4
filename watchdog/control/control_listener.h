// The listening Unix socket for operators.
//
// The socket file has mode 0600. Its owner is determined by a lock on PATH.lock, which the kernel
// releases when the holder dies in any way: a second service fails to start there, and a stale
// socket of a dead one is replaced.
#pragma once

#include <functional>
#include <string>

#include "watchdog/loop/acceptor.h"
#include "watchdog/os/unique_fd.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

class ControlListener {
 public:
  // Called for each connection of root or of this user, according to the kernel; others are
  // refused. It must not destroy the listener.
  using OnConnection = std::function<void(UniqueFd)>;

  // Creates the last directory of the path if it is missing. Throws StartError, with one line that
  // gives the reason, if it cannot listen there.
  ControlListener(boost::asio::io_context& io, const std::string& path, OnConnection on_connection);
  // Removes the socket file; open connections remain.
  ~ControlListener();
  ControlListener(const ControlListener&) = delete;
  ControlListener& operator=(const ControlListener&) = delete;

  const std::string& path() const { return path_; }

 private:
  void take(UniqueFd connection);

  const std::string path_;
  const UniqueFd lock_;
  const OnConnection on_connection_;
  Acceptor listener_;
};

}  // namespace pyfault
