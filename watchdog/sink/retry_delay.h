// Exponential backoff between tries. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace pyfault {

// Delays start at `first` and double up to `longest`. If `longest` is not above `first`, the delay
// is always `first`.
class RetryDelay {
 public:
  using Time = std::chrono::milliseconds;

  RetryDelay(Time first, Time longest) : first_(first), longest_(std::max(first, longest)) {}

  Time next() {
    const Time delay = next_;
    next_ = std::min(2 * next_, longest_);
    return delay;
  }

  // To be called after a success.
  void reset() { next_ = first_; }

 private:
  Time first_;
  Time longest_;
  Time next_ = first_;
};

}  // namespace pyfault
