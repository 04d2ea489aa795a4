// Limits the rate of lines that a worker may write to the output log. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "watchdog/config/config.h"

namespace pyfault {

// Counts lines in intervals. An interval begins with the first line after the previous one.
class OutputLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit OutputLimiter(const OutputLimit& limit) : limit_(limit) {}

  void set(const OutputLimit& limit) { limit_ = limit; }
  const OutputLimit& limit() const { return limit_; }

  // Returns whether one more line may pass, and counts it if not.
  bool admit(Time now) {
    if (!begun_ || now - *begun_ >= limit_.interval) {
      begun_ = now;
      passed_ = 0;
    }
    const bool passes = limit_.lines == 0 || passed_ < limit_.lines;
    ++(passes ? passed_ : left_out_);
    return passes;
  }

  // Returns how many lines were left out since the last call.
  std::uint64_t take_suppressed() { return std::exchange(left_out_, 0); }

 private:
  OutputLimit limit_;
  std::optional<Time> begun_;
  std::uint64_t passed_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace pyfault
