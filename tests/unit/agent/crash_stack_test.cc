// Measures how much of its stack the crash handler uses: the stack is painted before the crash and
// inspected afterwards.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
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
namespace {

constexpr std::size_t kStackSize = std::size_t{64} << 10;
constexpr std::byte kPaint{0xa5};

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

class CrashStack : public ::testing::Test {
 protected:
  // Crashes a child that is executing `frame`, and returns how many bytes of the painted stack have
  // been used.
  std::size_t use_of_crash_in(std::uintptr_t frame) {
    std::fill_n(stack_, kStackSize, kPaint);
    const pid_t child = fork();
    if (child == 0) crash(frame);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
    const std::byte* lowest =
        std::find_if(stack_, stack_ + kStackSize, [](std::byte byte) { return byte != kPaint; });
    return static_cast<std::size_t>(stack_ + kStackSize - lowest);
  }

  // The number of bytes committed to the ring that the crashed child has sent to the listener.
  std::size_t committed() const {
    Hello hello{};
    const UniqueFd connection = accept_connection(listener_.get());
    auto packet = receive_packet(connection.get(), std::as_writable_bytes(std::span(&hello, 1)));
    const RingMemory ring{RingFile(std::move(packet.value().descriptor))};
    return ring_slot(ring.address(), 0)->committed;
  }

  // The budgets of tests/rules/stack_budget.py for recording and for the nested handler, plus the
  // frame that the kernel pushes for the nested handler.
  static std::size_t limit() { return 4096 + 512 + 1024 + getauxval(AT_MINSIGSTKSZ); }

  FakePython python_;

 private:
  [[noreturn]] void crash(std::uintptr_t frame) {
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
    *reinterpret_cast<volatile int*>(std::uintptr_t{8}) = 1;
    _exit(1);
  }

  std::byte* stack_ = shared_memory<std::byte>(kStackSize);
  std::byte* place_for_ring_ = shared_memory<std::byte>(kRingSize);
  const std::string name_ = "pyfault-test-" + random_hex(8);
  const UniqueFd listener_ = listen_abstract(name_);
};

TEST_F(CrashStack, is_painted_so_that_its_use_is_seen) {
  EXPECT_GT(use_of_crash_in(0), 256u);
}

TEST_F(CrashStack, holds_a_record_of_many_frames) {
  std::uintptr_t frame = python_.shim(0);
  for (int i = 0; i < 300; ++i) frame = python_.frame(python_.code("f", i + 1), frame);
  EXPECT_LT(use_of_crash_in(frame), limit());
  EXPECT_GT(committed(), 256 * sizeof(FrameEntry));
}

TEST_F(CrashStack, holds_the_nested_handler_of_an_unreadable_frame) {
  const std::uintptr_t frame = python_.frame(python_.code("f"), 0x123456789000);
  const std::size_t used = use_of_crash_in(frame);
  EXPECT_GT(used, sizeof(siginfo_t));
  EXPECT_LT(used, limit());
}

}  // namespace
}  // namespace pyfault::test
