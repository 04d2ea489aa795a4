#include "watchdog/enrich/thread_names.h"

#include <fmt/format.h>

#include <string>

#include "watchdog/crash/utf8.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxNameBytes = 64;

std::string native_name(int pid, int tid) {
  const std::string path = fmt::format("/proc/{}/task/{}/comm", pid, tid);
  std::string name = read_file(path, kMaxNameBytes).value_or("");
  if (name.ends_with('\n')) name.pop_back();
  return replace_invalid_utf8(name);
}

}  // namespace

void add_thread_names(Crash& crash, std::optional<int> pid) {
  for (Thread& thread : crash.threads) {
    if (!thread.tid) continue;
    // Thread ids are in the process's own namespace. Only that of its first thread can be
    // translated.
    if (pid) thread.native_name = native_name(*pid, *thread.tid == crash.pid ? *pid : *thread.tid);
    if (!thread.name.empty()) continue;
    const bool main = *thread.tid == crash.pid && thread.interpreter.has_value();
    thread.name = main ? "MainThread" : thread.native_name;
  }
}

}  // namespace pyfault
