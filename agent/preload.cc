// The LD_PRELOAD door: what happens when the agent is loaded into a process.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "agent/find_python.h"
#include "agent/find_watchdog.h"
#include "agent/in_signal/agent_state.h"
#include "agent/in_signal/attach.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/system_calls.h"
#include "agent/late_python.h"
#include "agent/next_function.h"
#include "agent/pyfault.h"
#include "agent/signal_stack.h"
#include "agent/thread_stacks.h"

// What pthread_atfork() is made of in glibc. Weak, as nothing may be a hard reference that another
// C library lacks: a program of musl's, which is none of ours, has to start.
// NOLINTBEGIN(*-reserved-identifier,*-identifier-naming): the names are glibc's and CPython's.
extern "C" [[gnu::weak]] int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                               void* library);
extern "C" void* __dso_handle;
// What every CPython has. dlsym() would take its time over a name that is not there, and allocate
// what it has to say about that.
extern "C" [[gnu::weak]] const char* Py_GetVersion();
extern "C" [[gnu::weak]] const unsigned long Py_Version;
// NOLINTEND(*-reserved-identifier,*-identifier-naming)

namespace pyfault {
namespace {

// main()'s, which glibc gives to constructors too.
int main_argc = 0;
char** main_argv = nullptr;

void describe_python(const FoundPython& python, Hello& hello) {
  hello.magic = kHandshakeMagic;
  hello.protocol = kProtocolVersion;
  hello.status = python.status;
  hello.pid = getpid();
  hello.realtime_ns = clock_ns(CLOCK_REALTIME);
  hello.version_hex = python.view.version_hex;
  hello.free_threaded = python.view.layout.free_threaded;
  hello.failed_check = static_cast<std::uint32_t>(python.failed_check);
}

// Where the ring will be, now or later.
bool reserve_ring(WatchdogLink& link) {
  void* ring =
      mmap(nullptr, kRingSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (ring == MAP_FAILED) return false;
  link.ring = static_cast<std::byte*>(ring);
  return true;
}

// The record is made on a stack of its own, one a process: large enough for the deepest path
// (tests/rules knows how deep).
bool prepare_crash_stack(AgentState& state) {
  constexpr std::size_t kSize = std::size_t{64} << 10;
  const SignalStack stack = map_signal_stack(kSize);
  if (stack.lowest == nullptr) return false;
  state.crash_stack = stack.lowest;
  state.crash_stack_size = stack.size;
  return true;
}

bool prepare_owner(AgentState& state) {
  constexpr std::size_t kPage = 4096;
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || madvise(page, kPage, MADV_WIPEONFORK) != 0) return false;
  state.owner = new (page) std::atomic<int>(0);
  return true;
}

void give_main_thread_signal_stack() {
  const SignalStack stack = map_signal_stack(signal_stack_size());
  if (stack.lowest != nullptr && !set_signal_stack(stack)) unmap_signal_stack(stack);
}

void start_with(const FoundPython& python) {
  AgentState state{};
  if (!find_watchdog(main_argc, main_argv, state.watchdog)) return;
  describe_python(python, state.watchdog.hello);
  if (!reserve_ring(state.watchdog)) return;
  if (attach(state.watchdog) == AttachResult::kNever) {
    munmap(state.watchdog.ring, kRingSize);
    return;
  }
  state.python = python.view;
  state.libc_message = reinterpret_cast<std::uintptr_t>(dlsym(RTLD_DEFAULT, "__abort_msg"));
  state.single_threaded =
      reinterpret_cast<std::uintptr_t>(dlsym(RTLD_DEFAULT, "__libc_single_threaded"));
  if (!prepare_crash_stack(state) || !prepare_owner(state)) return;
  give_main_thread_signal_stack();
  give_threads_signal_stacks();
  __register_atfork(nullptr, nullptr, &forget_parent, &__dso_handle);
  arm(state);
}

void start() {
  if (&Py_GetVersion != nullptr || &Py_Version != nullptr) {
    const FoundPython python = find_python(RTLD_DEFAULT);
    if (python.present) return start_with(python);
  }
  on_late_python([](void* scope) { start_with(find_python(scope)); });
}

[[gnu::constructor]] void on_load(int argc, char** argv, char**) {
  if (__register_atfork == nullptr) return;
  const int error = errno;
  main_argc = argc;
  main_argv = argv;
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

extern "C" [[gnu::visibility("default")]] int pyfault_dump() {
  return pyfault::record_dump() ? 0 : -1;
}
