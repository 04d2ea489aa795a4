// The sections of a crash's record, in their order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/agent/crashing_child.h"
#include "tests/unit/agent/sections.h"

namespace pyfault::test {
namespace {

using enum SectionTag;
using ::testing::ElementsAre;

void take_ring(RingHeader& ring) {
  ring.stage = RingStage::kTaken;
  ring.ack_timeout_ms = 1;
}

class CrashRecord : public CrashingChild {
 protected:
  std::vector<SectionTag> tags() const {
    const RingMemory ring = received_ring();
    std::vector<SectionTag> tags;
    for (const WrittenSection& section : committed_sections(*ring_slot(ring.address(), 0))) {
      tags.push_back(section.tag);
    }
    return tags;
  }

  std::uintptr_t frame_ = python_.frame(python_.code("f"), python_.shim(0));
};

TEST_F(CrashRecord, has_the_native_stack_behind_the_faulting_thread) {
  crash_in(frame_, take_ring);
  EXPECT_THAT(tags(),
              ElementsAre(kFault, kRuntime, kCode, kThread, kAnchors, kInstruction, kStack, kEnd));
}

TEST_F(CrashRecord, has_no_native_stack_if_the_watchdog_wants_none) {
  crash_in(frame_, [](RingHeader& ring) {
    take_ring(ring);
    ring.native_off = 1;
  });
  EXPECT_THAT(tags(), ElementsAre(kFault, kRuntime, kCode, kThread, kEnd));
}

}  // namespace
}  // namespace pyfault::test
