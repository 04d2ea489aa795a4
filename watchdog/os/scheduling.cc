#include "watchdog/os/scheduling.h"

#include <sched.h>

namespace pyfault {
namespace {

bool gives_way = false;

bool set_policy(int policy) {
  const sched_param no_priority{};
  return ::sched_setscheduler(0, policy, &no_priority) == 0;
}

}  // namespace

void use_batch_scheduling() {
  if (::sched_getscheduler(0) == SCHED_OTHER) gives_way = set_policy(SCHED_BATCH);
}

void restore_scheduling() {
  if (gives_way) set_policy(SCHED_OTHER);
}

}  // namespace pyfault
