#include "watchdog/ingest/notice.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "watchdog/os/clock.h"

namespace pyfault {

std::string name_and_pid(const Process& process) {
  return fmt::format("{}[{}]", process.name, process.pid);
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
