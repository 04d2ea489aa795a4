// What operators and the kernel tell a service by signals.
#pragma once

#include <signal.h>

#include <functional>

#include "watchdog/ingest/readable_fd.h"

namespace pyfault {

// Blocks these signals, and those that our writes can bring about, in this thread and in those that
// it starts.
class BlockedSignals {
 public:
  // Throws std::system_error.
  BlockedSignals();

  // The mask that we were started with: the workers'.
  const sigset_t& original_mask() const { return original_mask_; }

  // Where they can be read. Once.
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

  // From here on nothing that we are told counts.
  void stop_listening() { listening_ = false; }

 private:
  void take();

  Actions actions_;
  bool listening_ = true;
  ReadableFd readable_;
};

}  // namespace pyfault
