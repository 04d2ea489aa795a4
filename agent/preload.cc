// The entry point of the agent: what happens when LD_PRELOAD loads it into a process.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "agent/arch/processor.h"
#include "agent/cpython/find_python.h"
#include "agent/find_watchdog.h"
#include "agent/hooks/pthread_create.h"
#include "agent/hooks/real_function.h"
#include "agent/in_signal/agent_state.h"
#include "agent/in_signal/attach.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/system_calls.h"
#include "agent/late_python.h"
#include "agent/pyfault.h"
#include "agent/signal_stack.h"

// glibc implements pthread_atfork() with this. The reference is weak, as is any to a symbol that
// another C library may lack: a musl program, which the agent does not support, must still start.
// NOLINTBEGIN(*-reserved-identifier,*-identifier-naming): the names are glibc's and CPython's.
extern "C" [[gnu::weak]] int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                               void* library);
extern "C" void* __dso_handle;
// Every CPython has one of these. Looking up a missing symbol with dlsym() would be slow, and
// allocate an error message.
extern "C" [[gnu::weak]] const char* Py_GetVersion();
extern "C" [[gnu::weak]] const unsigned long Py_Version;
// NOLINTEND(*-reserved-identifier,*-identifier-naming)

namespace pyfault {
namespace {

// The arguments of main(), which glibc also passes to constructors.
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

// Reserves the address range in which the ring is mapped, now or later.
bool reserve_ring(WatchdogLink& link) {
  void* ring =
      mmap(nullptr, kRingSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (ring == MAP_FAILED) return false;
  link.ring = static_cast<std::byte*>(ring);
  return true;
}

// Crashes are recorded on a dedicated stack, one per process. It is large enough for the deepest
// call chain, which tests/rules/stack_budget.py limits.
bool prepare_crash_stack(AgentState& state) {
  constexpr std::size_t kSize = std::size_t{64} << 10;
  const SignalStack stack = map_signal_stack(kSize);
  if (stack.lowest == nullptr) return false;
  state.crash_stack = stack.lowest;
  state.crash_stack_size = stack.size;
  return true;
}

bool prepare_owner(AgentState& state) {
  void* page = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || madvise(page, kPageSize, MADV_WIPEONFORK) != 0) return false;
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
  pyfault::Registers registers{};
  pyfault::save_registers(registers);
  return pyfault::record_dump(nullptr, registers) ? 0 : -1;
}
