// Limits how many records of one kind a process and its children may have reported: a burst, to
// which each interval adds one. Once the burst is used up, nothing passes until there is room for a
// group. No side effects.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace pyfault {

struct RateLimit {
  std::uint64_t burst = 2000;
  std::chrono::seconds interval{1};  // adds room for one more
  // A persistent flood is reported in groups of this size, not one by one. At most `burst`.
  std::uint64_t group = 60;
};

class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RateLimiter(const RateLimit& allowance = {})
      : allowance_(allowance), room_(allowance.burst) {}

  const RateLimit& allowance() const { return allowance_; }

  // Whether one more may be reported. Those that may not are counted.
  bool admit(Time now);

  // Counts records for which admit() was not called.
  void leave_out(std::uint64_t count) { left_out_ += count; }

  // The number of records left out since the last call.
  std::uint64_t take_suppressed() { return std::exchange(left_out_, 0); }

  // Whether the last one was refused.
  bool is_limiting() const { return shut_; }

 private:
  void refill(Time now);

  RateLimit allowance_;
  std::uint64_t room_;
  std::optional<Time> refilled_;
  bool shut_ = false;
  std::uint64_t left_out_ = 0;
};

}  // namespace pyfault
