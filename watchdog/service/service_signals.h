// What operators and the kernel tell a service by signals.
#pragma once

#include <signal.h>

#include <functional>
#include <memory>

#include "watchdog/ingest/readable_fd.h"

namespace pyfault {

class ServiceSignals {
 public:
  struct Actions {
    std::function<void()> stop;      // SIGTERM, SIGINT, SIGQUIT
    std::function<void()> leave;     // SIGUSR2
    std::function<void()> reload;    // SIGHUP
    std::function<void()> children;  // SIGCHLD
  };

  // Blocks these signals, and those that our writes can bring about, in this thread and in those
  // that it starts. Throws std::system_error.
  ServiceSignals();

  // The mask that we were started with: the workers'.
  const sigset_t& original_mask() const { return original_mask_; }

  void listen(boost::asio::io_context& io, Actions actions);

  // From here on nothing that we are told counts.
  void stop_listening() { listening_ = false; }

 private:
  void take();

  sigset_t original_mask_{};
  UniqueFd fd_;
  Actions actions_;
  bool listening_ = false;
  std::unique_ptr<ReadableFd> readable_;
};

}  // namespace pyfault
