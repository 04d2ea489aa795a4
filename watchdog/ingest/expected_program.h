// The program that was started to be watched: detects if it is not watched, and why.
//
// An agent attaches within the first milliseconds or never. A process that has not attached is
// examined in /proc at growing intervals until there is a verdict; one that may still change counts
// only when two consecutive looks agree on it. A Python that starts later (executed by a wrapper
// script, or loaded by a program) can still attach.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "watchdog/event/unwatched.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/program_file.h"

namespace pyfault {

class ExpectedProgram {
 public:
  // Called with each new reason; it must not destroy the caller synchronously.
  using Report = std::function<void(int pid, const Unwatched& why)>;

  ExpectedProgram(boost::asio::io_context& io, Report report)
      : timer_(io), report_(std::move(report)) {}

  // Switches to this process. An obstacle found in its file is reported at once.
  void expect(int pid, const ProgramFile& file);

  bool is(int pid) const { return pid == pid_; }

  // An agent in the process has attached.
  void on_attach();

  // The process has left its ring, possibly by executing another program.
  void on_leave();

  // The agent has said why it will not attach.
  void on_refusal(const Unwatched& why);

  void cancel() { timer_.cancel(); }

 private:
  void check_later();
  void check();

  static constexpr std::chrono::milliseconds kFirstCheck{1000};
  static constexpr std::chrono::milliseconds kLongestWait{60'000};

  Timer timer_;
  Report report_;
  int pid_ = 0;
  std::chrono::milliseconds wait_ = kFirstCheck;
  std::optional<UnwatchedReason> suspected_;
  std::optional<UnwatchedReason> told_;
};

}  // namespace pyfault
