// What we say to the service manager that runs us (systemd), if one does: how far we are, that we
// live, and which descriptors to keep for the watchdog after us. In order, and without ever waiting
// for it.
#pragma once

#include <chrono>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/ingest/timer.h"
#include "watchdog/os/sd_notify.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// What it has told us, by our environment.
struct NotifySettings {
  std::string notify_socket;              // empty: there is none
  std::chrono::microseconds watchdog{0};  // it wants to hear of us within this time; 0: never
};

// Of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
NotifySettings manager_terms();

class ServiceManager {
 public:
  ServiceManager(boost::asio::io_context& io, const NotifySettings& terms);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  bool is_there() const { return bool{socket_}; }

  void say_ready();  // after the start, and after each reload
  void say_reloading();
  void say_stopping();
  void say_status(const std::string& text);  // one line; said only when it is news

  // Descriptors for the watchdog after us, which gets them under this name; at most two. They stay
  // ours.
  void keep(const std::string& name, std::span<const int> descriptors);
  // All of that name.
  void drop(const std::string& name);

  // What waits is said now, within `limit`, and nothing more after it.
  void finish(std::chrono::milliseconds limit);

 private:
  struct Message {
    std::string text;
    std::vector<UniqueFd> descriptors;
  };

  void say(std::string text, std::span<const int> descriptors = {});
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
