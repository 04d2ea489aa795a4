// A worker's own sd_notify(3) socket.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "watchdog/loop/readable_fd.h"

namespace pyfault {

struct Notification {
  int pid = 0;  // of the sender, from the kernel (SCM_CREDENTIALS); so is uid
  uid_t uid = 0;
  bool ready = false;  // READY=1
};

// Ignores all assignments but READY=1. Pure.
Notification parse_notification(const ucred& sender, std::string_view text);

class NotifySocket {
 public:
  // Takes over a socket that another process has bound, or binds a random abstract address. Throws
  // std::system_error, and std::runtime_error if the inherited socket has no abstract address.
  NotifySocket(boost::asio::io_context& io, std::function<void(const Notification&)> on_message,
               std::optional<UniqueFd> inherited = {});
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // The value for NOTIFY_SOCKET: "@..."
  const std::string& address() const { return address_; }

  int descriptor() const { return socket_.get(); }

 private:
  void receive();

  std::string address_;
  std::function<void(const Notification&)> on_message_;
  ReadableFd socket_;
};

}  // namespace pyfault
