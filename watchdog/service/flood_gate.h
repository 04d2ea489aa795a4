// Limits how many events of each user's guests are reported. The processes' own limits
// (ingest/agent_session.h) do not hold a user who may start as many processes as he likes. Pure.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "watchdog/ingest/rate_limiter.h"

namespace pyfault {

class FloodGate {
 public:
  explicit FloodGate(const RateLimit& of_user = {.burst = 500, .interval = std::chrono::seconds(1)})
      : of_user_(of_user) {}

  struct Verdict {
    bool is_admitted = true;
    bool begins_to_refuse = false;
    std::uint64_t refused_before = 0;  // since this user's last event that was admitted
  };

  // About an event of a process of `user`; none: unknown, which counts as a user.
  Verdict on_event(std::optional<uid_t> user, RateLimiter::Time now);

 private:
  static constexpr std::size_t kMaxUsers = 1024;

  const RateLimit of_user_;
  std::map<std::optional<uid_t>, RateLimiter> users_;
};

}  // namespace pyfault
