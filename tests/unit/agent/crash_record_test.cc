// The sections of a crash's record, in their order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "agent/in_signal/capture_threads.h"
#include "tests/unit/agent/crashing_child.h"
#include "tests/unit/agent/guarded.h"
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

// A record with the frames of another thread than the one that has crashed.
class OtherThread : public ::testing::Test {
 protected:
  std::vector<SectionTag> tags_of_capture(const Registers* registers) {
    ThreadIdentity self{1, 1, 0x1000};  // is not known to Python
    Capture capture{runtime_.view(), slot_, *scratch_};
    capture_threads(capture, nullptr, self, registers);
    std::vector<SectionTag> tags;
    for (const WrittenSection& section : committed_sections(*ring_slot(ring_.get(), 0))) {
      tags.push_back(section.tag);
    }
    return tags;
  }
  void fill_half_of_the_slot() {
    const std::size_t taken = kSlotPayload / 2;
    const SectionHeader header{SectionTag::kCode, kSectionVersion,
                               static_cast<std::uint32_t>(taken)};
    slot_.append(&header, sizeof header);
    slot_.reserve(taken - sizeof header);
    slot_.commit();
  }

  Guarded guarded_;
  FakePython python_;
  const FakeRuntime runtime_{python_, python_.frame(python_.code("f"), python_.shim(0))};
  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
  std::unique_ptr<CaptureScratch> scratch_ = std::make_unique<CaptureScratch>();
  SlotWriter slot_ = SlotWriter::claim(ring_.get(), 1);
  const Registers nowhere_{};
};

TEST_F(OtherThread, is_followed_by_its_anchors) {
  EXPECT_THAT(tags_of_capture(&nowhere_), ElementsAre(kThread, kCode, kThread, kAnchors, kEnd));
}

TEST_F(OtherThread, has_no_anchors_if_native_stacks_are_not_wanted) {
  EXPECT_THAT(tags_of_capture(nullptr), ElementsAre(kThread, kCode, kThread, kEnd));
}

TEST_F(OtherThread, leaves_the_second_half_of_the_slot_to_more_threads) {
  fill_half_of_the_slot();
  EXPECT_THAT(tags_of_capture(&nowhere_), ElementsAre(kCode, kThread, kCode, kThread, kEnd));
}

}  // namespace
}  // namespace pyfault::test
