// The program that was started to be watched: finds out when it is not, and why.
//
// An agent attaches within the first milliseconds, or never: what has not attached is looked at in
// /proc, again and again at growing intervals, until there is an answer. An answer that could still
// change counts only when two looks agree on it. A Python that comes late (a wrapper script that
// executes one, a program that loads one) attaches all the same.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "watchdog/event/unwatched.h"
#include "watchdog/ingest/timer.h"
#include "watchdog/os/program_file.h"

namespace pyfault {

class ExpectedProgram {
 public:
  // Called with each new reason; it must not destroy the caller at once.
  using Report = std::function<void(int pid, const Unwatched& why)>;

  ExpectedProgram(boost::asio::io_context& io, Report report)
      : timer_(io), report_(std::move(report)) {}

  // From now on it is this process. What its file says already is told at once.
  void expect(int pid, const ProgramFile& file);

  bool is(int pid) const { return pid == pid_; }

  // An agent in it has attached.
  void note_attached();

  // It has left its ring, perhaps as another program.
  void note_left();

  // The agent has said why it will not attach.
  void note(const Unwatched& why);

  void cancel() { timer_.cancel(); }

 private:
  void look_later();
  void look();

  static constexpr std::chrono::milliseconds kFirstLook{1000};
  static constexpr std::chrono::milliseconds kLongestWait{60'000};

  Timer timer_;
  Report report_;
  int pid_ = 0;
  std::chrono::milliseconds wait_ = kFirstLook;
  std::optional<UnwatchedReason> suspected_;
  std::optional<UnwatchedReason> told_;
};

}  // namespace pyfault
