// When to look at the processes below a worker: soon after its start, then less and less often, and
// soon again for a second opinion. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace pyfault {

class SearchPace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds kFirst{1000};
  static constexpr std::chrono::milliseconds kLongest{60'000};

  explicit SearchPace(Time started, std::chrono::milliseconds first = kFirst)
      : first_(first), wait_(first) {
    wait_from(started, first_);
  }

  Time due() const { return due_; }

  // Whether half the time has passed: the look may be taken now together with others that are due,
  // so that a watchdog of many workers wakes up as seldom as one of few.
  bool is_near(Time now) const { return now >= near_; }

  // A look at all processes has ended. `is_open`: one of them must be looked at again, or could not
  // be looked at yet.
  void on_looked(Time now, bool is_open) {
    wait_from(now, is_open ? first_ : wait_);
    if (!is_open) wait_ = std::min(2 * wait_, kLongest);
  }

 private:
  void wait_from(Time now, std::chrono::milliseconds wait) {
    near_ = now + wait / 2;
    due_ = now + wait;
  }

  std::chrono::milliseconds first_;
  std::chrono::milliseconds wait_;
  Time near_;
  Time due_;
};

}  // namespace pyfault
