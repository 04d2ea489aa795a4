// The signals that control the service, received through a signalfd on the event loop.
#pragma once

#include <signal.h>

#include <functional>

#include "watchdog/loop/readable_fd.h"

namespace pyfault {

// Blocks the signals that ServiceSignals handles, and those that writing can raise (SIGPIPE,
// SIGXFSZ), in this thread and in the threads it starts.
class BlockedSignals {
 public:
  // Throws std::system_error.
  BlockedSignals();

  // The signal mask that the service was started with. Workers are started with it.
  const sigset_t& original_mask() const { return original_mask_; }

  // Returns the signalfd. To be called once.
  UniqueFd take_reader() { return std::move(reader_); }

 private:
  sigset_t original_mask_{};
  UniqueFd reader_;
};

class ServiceSignals {
 public:
  struct Actions {
    std::function<void()> stop;      // SIGTERM, SIGINT, SIGQUIT
    std::function<void()> leave;     // SIGUSR2
    std::function<void()> reload;    // SIGHUP
    std::function<void()> children;  // SIGCHLD
  };

  ServiceSignals(boost::asio::io_context& io, UniqueFd reader, Actions actions);

  // All later signals are ignored.
  void stop_listening() { listening_ = false; }

 private:
  void take();

  Actions actions_;
  bool listening_ = true;
  ReadableFd readable_;
};

}  // namespace pyfault
