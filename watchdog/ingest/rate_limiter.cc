#include "watchdog/ingest/rate_limiter.h"

#include <algorithm>

namespace pyfault {

bool RateLimiter::admit(Time now) {
  refill(now);
  shut_ = room_ < (shut_ ? allowance_.group : 1);
  if (shut_) {
    ++left_out_;
  } else {
    --room_;
  }
  return !shut_;
}

// The first interval begins with the first record.
void RateLimiter::refill(Time now) {
  if (!refilled_) refilled_ = now;
  const auto intervals = (now - *refilled_) / allowance_.interval;
  if (intervals <= 0) return;
  room_ = std::min(allowance_.burst, room_ + static_cast<std::uint64_t>(intervals));
  *refilled_ += intervals * allowance_.interval;
}

}  // namespace pyfault
