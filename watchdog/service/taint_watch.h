// Waits for a good moment to replace a worker in which a fault has become an exception
// (pyfault.guard): what the C code had half done is still there, so it should not run for long, but
// what it is doing now may be finished first.
//
// A process is idle if it has used practically no processor time for a while. A supervisor cannot
// see from outside whether it waits for work or, in the middle of it, for an answer: for that there
// is the worker's own way of stopping.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>

#include "watchdog/loop/timer.h"

namespace pyfault {

struct TaintPatience {
  std::chrono::milliseconds window{2000};                        // for so long it must be idle
  std::chrono::milliseconds longest = std::chrono::minutes{10};  // until it is replaced if busy
};

class TaintWatch {
 public:
  // Called from the loop when the processes are to be replaced. `is_idle` is false if they have
  // been busy for the longest time. Returns whether that is settled, so that they are forgotten; if
  // not, it is called again. Must not destroy the watch.
  using Then = std::function<bool(bool is_idle)>;

  TaintWatch(boost::asio::io_context& io, Then then, TaintPatience patience = {});

  // `pid` must be idle too. A process that has ended no longer counts; without any left, there is
  // nothing to replace.
  void add(int pid);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void look_later();
  void look();
  bool are_idle();

  const Then then_;
  const TaintPatience patience_;
  std::map<int, std::chrono::nanoseconds> used_;  // processor time by process
  Clock::time_point begun_;
  Timer timer_;
};

}  // namespace pyfault
