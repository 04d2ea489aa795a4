#include "agent/watch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

#include "agent/arch/processor.h"
#include "agent/find_symbol.h"
#include "agent/find_watchdog.h"
#include "agent/hooks/pthread_create.h"
#include "agent/in_signal/agent_state.h"
#include "agent/in_signal/attach.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/system_calls.h"
#include "agent/signal_stack.h"

// glibc implements pthread_atfork() with this. The reference is weak, as is any to a symbol that
// another C library may lack: a musl program, which the agent does not support, must still start.
// NOLINTBEGIN(*-reserved-identifier,*-identifier-naming): the names are glibc's.
extern "C" [[gnu::weak]] int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                               void* library);
extern "C" void* __dso_handle;
// NOLINTEND(*-reserved-identifier,*-identifier-naming)

namespace pyfault {
namespace {

int main_argc = 0;
char** main_argv = nullptr;
bool preloaded = false;

void describe_python(const FoundPython& python, std::int64_t began_ns, Hello& hello) {
  hello.magic = kHandshakeMagic;
  hello.protocol = kProtocolVersion;
  hello.status = python.status;
  hello.pid = getpid();
  hello.realtime_ns = began_ns;
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

void give_this_thread_signal_stack() {
  const SignalStack stack = map_signal_stack(signal_stack_size());
  if (stack.lowest == nullptr) return;
  if (!set_signal_stack(stack)) unmap_signal_stack(stack);
  count_signal_stack();
}

void begin_as_child() {
  forget_parent();
  forget_other_signal_stacks();
}

}  // namespace

bool can_watch() {
  return __register_atfork != nullptr;
}

void set_command(int argc, char** argv) {
  main_argc = argc;
  main_argv = argv;
}

void note_preloaded() {
  preloaded = true;
}

bool is_preloaded() {
  return preloaded;
}

pyfault_enabled watch(const FoundPython& python, const char* address, std::int64_t began_ns) {
  AgentState state{};
  if (!find_watchdog(address, main_argc, main_argv, state.watchdog)) return PYFAULT_NO_ADDRESS;
  describe_python(python, began_ns, state.watchdog.hello);
  if (!reserve_ring(state.watchdog)) return PYFAULT_NO_MEMORY;
  if (attach(state.watchdog) == AttachResult::kNever) {
    munmap(state.watchdog.ring, kRingSize);
    return python.status == ArmStatus::kWillArm ? PYFAULT_NO_WATCHDOG : PYFAULT_UNKNOWN_PYTHON;
  }
  state.python = python.view;
  state.libc_message = reinterpret_cast<std::uintptr_t>(find_symbol(RTLD_DEFAULT, "__abort_msg"));
  state.single_threaded =
      reinterpret_cast<std::uintptr_t>(find_symbol(RTLD_DEFAULT, "__libc_single_threaded"));
  if (!prepare_crash_stack(state) || !prepare_owner(state)) return PYFAULT_NO_MEMORY;
  give_this_thread_signal_stack();
  give_threads_signal_stacks();
  __register_atfork(nullptr, nullptr, &begin_as_child, &__dso_handle);
  arm(state);
  return PYFAULT_ENABLED;
}

}  // namespace pyfault
