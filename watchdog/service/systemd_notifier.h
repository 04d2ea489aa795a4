// Client side of sd_notify(3) for the service manager (systemd), if there is one: readiness and
// status, watchdog pings, and the file descriptor store that hands state to the next watchdog.
// Messages are sent in order and without ever blocking on the manager.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/loop/timer.h"
#include "watchdog/os/sd_notify.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// The manager's settings, taken from our environment.
struct NotifySettings {
  std::string notify_socket;              // empty: there is no manager
  std::chrono::microseconds watchdog{0};  // the ping timeout (WatchdogSec=); 0: no pings
};

// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
NotifySettings notify_settings();

class SystemdNotifier {
 public:
  SystemdNotifier(boost::asio::io_context& io, const NotifySettings& terms);
  SystemdNotifier(const SystemdNotifier&) = delete;
  SystemdNotifier& operator=(const SystemdNotifier&) = delete;

  bool is_there() const { return bool{socket_}; }

  void say_ready();  // after the start, and after each reload
  void say_reloading();
  void say_stopping();
  void say_status(const std::string& text);  // one line; sent only when it has changed

  // Stores at most two descriptors, which the next watchdog receives under this name. The caller
  // keeps ownership. Returns false if the manager cannot receive them now; then `kept` is called
  // when it has.
  bool keep(const std::string& name, std::span<const int> descriptors,
            std::function<void()> kept = {});
  // Removes all stored descriptors of that name.
  void drop(const std::string& name);

  // Sends the queued messages, for at most `limit`. Later messages are discarded.
  void finish(std::chrono::milliseconds limit);

 private:
  struct Message {
    std::string text;
    std::vector<UniqueFd> descriptors;
    std::function<void()> sent;
  };

  // Returns false if the message has not been sent yet.
  bool say(std::string text, std::span<const int> descriptors = {},
           std::function<void()> sent = {});
  void flush();
  void try_again_later();
  void send_watchdog_ping();

  SdNotify socket_;
  std::deque<Message> waiting_;
  std::string status_;
  bool stopping_ = false;
  std::chrono::microseconds ping_interval_;
  Timer ping_;
  Timer retry_;
};

}  // namespace pyfault
