// Measures how much of its stack the crash handler uses: the stack is painted before the crash and
// inspected afterwards.
#include <gtest/gtest.h>
#include <sys/auxv.h>

#include <algorithm>

#include "tests/unit/agent/crashing_child.h"

namespace pyfault::test {
namespace {

constexpr std::byte kPaint{0xa5};

class CrashStack : public CrashingChild {
 protected:
  // Crashes a child that is executing `frame`, and returns how many bytes of the painted stack have
  // been used.
  std::size_t use_of_crash_in(std::uintptr_t frame) {
    std::fill_n(stack_, kStackSize, kPaint);
    crash_in(frame);
    const std::byte* lowest =
        std::find_if(stack_, stack_ + kStackSize, [](std::byte byte) { return byte != kPaint; });
    return static_cast<std::size_t>(stack_ + kStackSize - lowest);
  }

  // The number of bytes that the crashed child has committed to its ring.
  std::size_t committed() const { return ring_slot(received_ring().address(), 0)->committed; }

  // The budgets of tests/rules/stack_budget.py for recording and for the nested handler, plus the
  // frame that the kernel pushes for the nested handler.
  static std::size_t limit() { return 4096 + 512 + 1024 + getauxval(AT_MINSIGSTKSZ); }
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
