#include "watchdog/ingest/room_keeper.h"

namespace pyfault {

const char* RoomKeeper::why_none(int pid, uid_t uid, const Rings& taken, Time now) {
  std::erase_if(kept_, [now](const auto& each) { return each.second.until <= now; });
  Rings with_kept = taken;
  for (const auto& [other, kept] : kept_) {
    if (other == pid) continue;
    ++with_kept.all;
    if (kept.uid == uid) ++with_kept.of_user;
  }
  if (with_kept.all >= most_.all) return "too many are watched";
  if (with_kept.of_process >= most_.of_process) return "it has attached too often";
  return with_kept.of_user >= most_.of_user ? "too many of its user are watched" : nullptr;
}

}  // namespace pyfault
