#include "agent/hooks/pthread_create.h"

#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <new>

#include "agent/hooks/real_function.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/signal_stack.h"

namespace pyfault {
namespace {

using StartRoutine = void* (*)(void*);

constinit RealFunction<int (*)(pthread_t*, const pthread_attr_t*, StartRoutine, void*)> next_create{
    "pthread_create"};
constinit RealFunction<int (*)(pthread_key_t*, void (*)(void*))> key_create{"pthread_key_create"};
constinit RealFunction<int (*)(pthread_key_t, const void*)> set_specific{"pthread_setspecific"};
std::atomic<bool> enabled{false};
pthread_key_t stack_key;
std::atomic<int> stacks{0};

// Lies at the high end of the thread's signal stack, so starting a thread takes one allocation.
struct ThreadStart {
  StartRoutine routine;
  void* argument;
  SignalStack mapping;  // the whole mapping
  SignalStack stack;    // the part below this struct
  int destructor_rounds;
};

ThreadStart* make_start(StartRoutine routine, void* argument) {
  const SignalStack mapping = map_signal_stack(signal_stack_size());
  if (mapping.lowest == nullptr) return nullptr;
  constexpr std::size_t kTaken = (sizeof(ThreadStart) + 63) / 64 * 64;
  const SignalStack stack{mapping.lowest, mapping.size - kTaken};
  return new (mapping.lowest + stack.size) ThreadStart{routine, argument, mapping, stack, 0};
}

// Destructors of other keys may still crash, so the stack is released in the last round.
void release(void* argument) {
  auto* start = static_cast<ThreadStart*>(argument);
  if (++start->destructor_rounds < PTHREAD_DESTRUCTOR_ITERATIONS &&
      set_specific.get()(stack_key, start) == 0) {
    return;
  }
  clear_signal_stack(start->stack);
  stacks.fetch_sub(1, std::memory_order_relaxed);
  unmap_signal_stack(SignalStack(start->mapping));
}

void* run_with_signal_stack(void* argument) {
  auto* start = static_cast<ThreadStart*>(argument);
  const StartRoutine routine = start->routine;
  void* routine_argument = start->argument;
  set_signal_stack(start->stack);
  count_signal_stack();
  set_specific.get()(stack_key, start);
  return routine(routine_argument);
}

int create_thread(pthread_t* thread, const pthread_attr_t* attributes, StartRoutine routine,
                  void* argument) {
  const auto real = next_create.get();
  if (real == nullptr) return EAGAIN;
  ensure_attached();
  ThreadStart* start =
      enabled.load(std::memory_order_acquire) ? make_start(routine, argument) : nullptr;
  if (start == nullptr) return real(thread, attributes, routine, argument);
  if (real(thread, attributes, &run_with_signal_stack, start) == 0) return 0;
  // The signal stack may have taken the memory that was needed; the thread takes precedence.
  unmap_signal_stack(SignalStack(start->mapping));
  return real(thread, attributes, routine, argument);
}

}  // namespace

void give_threads_signal_stacks() {
  // Missing where Python comes with dlopen(), and libpthread with it, in its own scope.
  if (key_create.get() == nullptr || set_specific.get() == nullptr) return;
  if (key_create.get()(&stack_key, &release) != 0) return;
  enabled.store(true, std::memory_order_release);
}

int threads_with_signal_stack() {
  return stacks.load(std::memory_order_relaxed);
}

void count_signal_stack() {
  stacks.fetch_add(1, std::memory_order_relaxed);
}

void forget_other_signal_stacks() {
  stacks.store(1, std::memory_order_relaxed);
}

}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] int pthread_create(pthread_t* thread,
                                                             const pthread_attr_t* attributes,
                                                             void* (*routine)(void*),
                                                             void* argument) {
  return pyfault::create_thread(thread, attributes, routine, argument);
}
