#include "watchdog/service/flood_gate.h"

#include <utility>

namespace pyfault {

// To forget a user who is not being refused costs no more than one more burst of his.
FloodGate::Verdict FloodGate::on_event(std::optional<uid_t> user, RateLimiter::Time now) {
  if (users_.size() >= kMaxUsers) {
    std::erase_if(users_, [](const auto& each) { return !each.second.is_limiting(); });
  }
  RateLimiter& limit = users_.try_emplace(user, of_user_).first->second;
  const bool refused_before = limit.is_limiting();
  if (!limit.admit(now)) return {false, !refused_before, 0};
  return {true, false, limit.take_suppressed()};
}

}  // namespace pyfault
