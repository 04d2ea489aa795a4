// The entry point of the agent: what happens when LD_PRELOAD loads it into a process.
#include <dlfcn.h>

#include <cerrno>

#include "agent/cpython/find_python.h"
#include "agent/hooks/real_function.h"
#include "agent/in_signal/system_calls.h"
#include "agent/late_python.h"
#include "agent/pyfault.h"
#include "agent/watch.h"

// NOLINTBEGIN(*-identifier-naming): the names are CPython's.
// Every CPython has one of these. Looking up a missing symbol with dlsym() would be slow, and
// allocate an error message.
extern "C" [[gnu::weak]] const char* Py_GetVersion();
extern "C" [[gnu::weak]] const unsigned long Py_Version;
extern "C" [[gnu::weak]] int Py_IsInitialized();
// NOLINTEND(*-identifier-naming)

namespace pyfault {
namespace {

// In a program that is running Python already, the agent waits for pyfault_enable().
void start() {
  if (&Py_IsInitialized != nullptr && Py_IsInitialized() != 0) return;
  note_preloaded();
  if (&Py_GetVersion != nullptr || &Py_Version != nullptr) {
    const FoundPython python = find_python(RTLD_DEFAULT);
    if (python.present) {
      watch(python, nullptr, clock_ns(CLOCK_REALTIME));
      return;
    }
  }
  on_late_python([](void* scope) { watch(find_python(scope), nullptr, clock_ns(CLOCK_REALTIME)); });
}

[[gnu::constructor]] void on_load(int argc, char** argv, char**) {
  if (!can_watch()) return;
  const int error = errno;
  set_command(argc, argv);
  find_next_writes();
  find_next_actions();
  find_next_execs();
  find_next_kills();
  find_next_sandboxes();
  find_next_syscall();
  start();
  errno = error;
}

}  // namespace
}  // namespace pyfault
