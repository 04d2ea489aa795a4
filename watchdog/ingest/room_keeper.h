// Room for rings: how many there may be, and what is kept free for processes that have asked
// (QuestionKind::kRoom in shared/question.h) and will attach in a moment. Pure.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <unordered_map>

namespace pyfault {

class RoomKeeper {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A process executes an interpreter or goes on to attach in the meantime; what is not used by
  // then is free again.
  static constexpr std::chrono::seconds kKeptFor{10};

  // Of all processes, of one, and of one user.
  struct Rings {
    std::size_t all = 0;
    std::size_t of_process = 0;
    std::size_t of_user = 0;
  };

  explicit RoomKeeper(const Rings& most) : most_(most) {}

  // Returns why this process of this user can have no ring beside those that there are, which may
  // be its own; null if it can. Room that is kept for others counts as taken.
  const char* why_none(int pid, uid_t uid, const Rings& taken, Time now);

  // Keeps room for a ring of this process, which must have been asked for with why_none(). One that
  // asks again has one room, for longer.
  void keep(int pid, uid_t uid, Time now) { kept_[pid] = {uid, now + kKeptFor}; }

  // The process has its ring.
  void take(int pid) { kept_.erase(pid); }

 private:
  struct Kept {
    uid_t uid = 0;
    Time until;
  };

  const Rings most_;
  std::unordered_map<int, Kept> kept_;  // by pid
};

}  // namespace pyfault
