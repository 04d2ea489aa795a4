// How long to wait before the next try. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace pyfault {

// `first`, then twice as long each time up to `longest`, and always `first` where that is not
// longer.
class RetryDelay {
 public:
  using Time = std::chrono::milliseconds;

  RetryDelay(Time first, Time longest) : first_(first), longest_(std::max(first, longest)) {}

  Time next() {
    const Time delay = next_;
    next_ = std::min(2 * next_, longest_);
    return delay;
  }

  // It has worked.
  void reset() { next_ = first_; }

 private:
  Time first_;
  Time longest_;
  Time next_ = first_;
};

}  // namespace pyfault
