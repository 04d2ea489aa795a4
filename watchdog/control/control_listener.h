// The door for operators: a Unix socket with a path.
//
// The file is ours alone (mode 0600). Who it belongs to is settled by a lock on PATH.lock, which
// the kernel drops when its holder dies, however it dies: a second service is told, and a socket
// that a dead one has left behind is replaced.
#pragma once

#include <functional>
#include <string>

#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/timer.h"
#include "watchdog/os/unique_fd.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

class ControlListener {
 public:
  // Each connection of root or of our own user, by the kernel's word; others are turned away. It
  // must not destroy the listener.
  using OnConnection = std::function<void(UniqueFd)>;

  // Makes the last directory of the path where it is missing. Throws StartError, with one line that
  // says why nobody can be heard there.
  ControlListener(boost::asio::io_context& io, const std::string& path, OnConnection on_connection);
  // Takes the file away; the connections stay.
  ~ControlListener();
  ControlListener(const ControlListener&) = delete;
  ControlListener& operator=(const ControlListener&) = delete;

  const std::string& path() const { return path_; }

 private:
  void accept();

  const std::string path_;
  const UniqueFd lock_;
  const OnConnection on_connection_;
  ReadableFd listener_;
  Timer pause_;
};

}  // namespace pyfault
