// Children of a test that are armed as a watched process is, and crash.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <span>
#include <string>
#include <utility>

#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/system_calls.h"
#include "shared/ring_layout.h"
#include "tests/unit/agent/fake_python.h"
#include "watchdog/os/random_hex.h"
#include "watchdog/os/ring_memory.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault::test {

template <class T>
T* shared_memory(std::size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return static_cast<T*>(memory);
}

// A runtime with one interpreter and one thread, the calling one, which is executing `frame`.
class FakeRuntime {
 public:
  FakeRuntime(FakePython& python, std::uintptr_t frame) : view_(python.view()) {
    const PythonLayout& layout = view_.layout;
    view_.runtime = address_of(runtime_);
    python.put(view_.runtime, layout.runtime.interpreters_head, address_of(interpreter_));
    python.put(address_of(interpreter_), layout.interpreter.threads_head, address_of(thread_));
    python.put(address_of(thread_), layout.thread.thread_id, thread_pointer());
    python.put(address_of(thread_), layout.thread.frame, address_of(cframe_));
    python.put(address_of(cframe_), layout.thread.cframe_frame, frame);
  }
  const PythonRuntimeView& view() const { return view_; }

 private:
  std::byte runtime_[1024] = {};
  std::byte interpreter_[1024] = {};
  std::byte thread_[1024] = {};
  std::byte cframe_[64] = {};
  PythonRuntimeView view_;
};

class CrashingChild : public ::testing::Test {
 protected:
  static constexpr std::size_t kStackSize = std::size_t{64} << 10;

  // Crashes a child that is executing `frame`. If `as_watchdog` is not null, the child attaches
  // first, and what a watchdog writes into its ring is left to that function.
  void crash_in(std::uintptr_t frame, void (*as_watchdog)(RingHeader&) = nullptr) {
    const pid_t child = fork();
    if (child == 0) crash(frame, as_watchdog);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
  }

  // Returns the ring that the crashed child has sent to the listener.
  RingMemory received_ring() const {
    Hello hello{};
    const UniqueFd connection = accept_connection(listener_.get());
    auto packet = receive_packet(connection.get(), std::as_writable_bytes(std::span(&hello, 1)));
    return RingMemory{RingFile(std::move(packet.value().descriptor))};
  }

  FakePython python_;
  std::byte* stack_ = shared_memory<std::byte>(kStackSize);  // on which the crash is recorded

 private:
  [[noreturn]] void crash(std::uintptr_t frame, void (*as_watchdog)(RingHeader&)) {
    const FakeRuntime runtime(python_, frame);
    static constinit std::atomic<int> owner{0};
    AgentState state{};
    state.python = runtime.view();
    ("@" + name_).copy(state.watchdog.address, sizeof state.watchdog.address - 1);
    state.watchdog.ring = place_for_ring_;
    state.crash_stack = stack_;
    state.crash_stack_size = kStackSize;
    state.owner = &owner;
    signal(SIGSEGV, SIG_DFL);  // removes the handlers of a sanitizer
    arm(state);
    if (as_watchdog != nullptr) {
      ensure_attached();
      as_watchdog(*ring_header(place_for_ring_));
    }
    *reinterpret_cast<volatile int*>(std::uintptr_t{8}) = 1;
    _exit(1);
  }

  std::byte* place_for_ring_ = shared_memory<std::byte>(kRingSize);
  const std::string name_ = "pyfault-test-" + random_hex(8);
  const UniqueFd listener_ = listen_abstract(name_);
};

}  // namespace pyfault::test
