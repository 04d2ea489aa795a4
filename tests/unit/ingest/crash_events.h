// Crashes as they come to the memory of crashes.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

#include "watchdog/event/event.h"

namespace pyfault::test {

inline Event crash_of(int pid, std::string id, uid_t uid = geteuid()) {
  Crash crash;
  crash.id = std::move(id);
  crash.pid = pid;
  crash.threads.emplace_back();
  Event event;
  event.process.pid = pid;
  event.process.uid = uid;
  event.body = std::move(crash);
  return event;
}

}  // namespace pyfault::test
