#include "watchdog/ingest/notice.h"

#include <time.h>
#include <unistd.h>

#include <utility>

namespace pyfault {

std::int64_t realtime_now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string name_and_pid(const Process& process) {
  return process.name + "[" + std::to_string(process.pid) + "]";
}

Process ourselves() {
  Process process;
  process.pid = ::getpid();
  process.name = "pyfault-watchdog";
  return process;
}

Event notice(Process process, std::string message) {
  return {realtime_now_ns(), "", std::nullopt, std::move(process), NoticeEvent{std::move(message)}};
}

}  // namespace pyfault
