// How many lines a worker may write to our log of output. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "watchdog/config/config.h"

namespace pyfault {

// Counts in intervals, of which the first begins with the first line.
class OutputLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit OutputLimiter(const OutputLimit& limit) : limit_(limit) {}

  void set(const OutputLimit& limit) { limit_ = limit; }
  const OutputLimit& limit() const { return limit_; }

  // May one more line pass? Those that may not are counted.
  bool admit(Time now) {
    if (!begun_ || now - *begun_ >= limit_.interval) {
      begun_ = now;
      passed_ = 0;
    }
    if (limit_.lines == 0 || passed_ < limit_.lines) return ++passed_, true;
    return ++left_out_, false;
  }

  // How many were left out since the last call.
  std::uint64_t take_suppressed() { return std::exchange(left_out_, 0); }

 private:
  OutputLimit limit_;
  std::optional<Time> begun_;
  std::uint64_t passed_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace pyfault
