// pyfault_enable() and its siblings: the agent in a program that is already running.
#include <dlfcn.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "agent/adopt_threads.h"
#include "agent/cpython/find_python.h"
#include "agent/hooks/faulthandler.h"
#include "agent/hooks/pthread_create.h"
#include "agent/hooks/take_front.h"
#include "agent/in_signal/attach.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/sealed_state.h"
#include "agent/in_signal/system_calls.h"
#include "agent/pyfault.h"
#include "agent/watch.h"

namespace pyfault {
namespace {

// Returns the CLOCK_REALTIME at which this process started; in doubt 0, so that no source file
// counts as unchanged since then. Field 22 of the file is in clock ticks since the boot.
std::int64_t start_of_process_ns() {
  std::FILE* file = std::fopen("/proc/self/stat", "re");
  if (file == nullptr) return 0;
  char line[1024] = {};
  const std::size_t size = std::fread(line, 1, sizeof line - 1, file);
  std::fclose(file);
  const char* at = size > 0 ? std::strrchr(line, ')') : nullptr;
  for (int field = 2; at != nullptr && field < 22; ++field) at = std::strchr(at + 1, ' ');
  if (at == nullptr) return 0;
  const std::int64_t ticks = std::strtoll(at, nullptr, 10);
  const std::int64_t started_ns = ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK));
  return clock_ns(CLOCK_REALTIME) - (clock_ns(CLOCK_BOOTTIME) - started_ns);
}

int count_threads() {
  struct stat tasks {};
  return sys_lstat("/proc/self/task", &tasks) == 0 ? static_cast<int>(tasks.st_nlink) - 2 : 1;
}

}  // namespace
}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] enum pyfault_enabled pyfault_enable(const char* address,
                                                                              void* python) {
  if (pyfault::sealed_state.armed) {
    pyfault::set_recording(true);
    return PYFAULT_ENABLED;
  }
  if (!pyfault::can_watch()) return PYFAULT_NO_PYTHON;
  const pyfault::FoundPython found =
      pyfault::find_python(python != nullptr ? python : RTLD_DEFAULT);
  if (!found.present) return PYFAULT_NO_PYTHON;
  const pyfault_enabled result = pyfault::watch(found, address, pyfault::start_of_process_ns());
  if (result != PYFAULT_ENABLED || pyfault::is_preloaded()) return result;
  pyfault::take_front();
  pyfault::adopt_threads();
  return result;
}

extern "C" [[gnu::visibility("default")]] int pyfault_disable() {
  return pyfault::sealed_state.armed && pyfault::set_recording(false) ? 1 : 0;
}

extern "C" [[gnu::visibility("default")]] void pyfault_record_first() {
  if (!pyfault::sealed_state.armed) return;
  pyfault::know_faulthandler(pyfault::sealed_state.agent.python.runtime);
  pyfault::put_faulthandler_behind();
}

extern "C" [[gnu::visibility("default")]] void pyfault_status(struct pyfault_watch_state* state) {
  const bool armed = pyfault::sealed_state.armed;
  state->enabled = armed && pyfault::is_recording() ? 1 : 0;
  state->attached = armed && pyfault::is_attached(pyfault::sealed_state.agent.watchdog) ? 1 : 0;
  state->preloaded = pyfault::is_preloaded() ? 1 : 0;
  state->threads = pyfault::count_threads();
  const int without = state->threads - pyfault::threads_with_signal_stack();
  state->threads_without_stack = without > 0 ? without : 0;
}

extern "C" [[gnu::visibility("default")]] int pyfault_dump() {
  pyfault::Registers registers{};
  pyfault::save_registers(registers);
  return pyfault::record_dump(nullptr, registers) ? 0 : -1;
}
