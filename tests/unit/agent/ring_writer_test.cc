#include "shared/ring_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace pyfault::test {
namespace {

class RingWriter : public ::testing::Test {
 protected:
  SlotWriter claim(int pid = 42) { return SlotWriter::claim(ring_.get(), pid); }
  SlotHeader& slot(std::uint32_t index = 0) { return *ring_slot(ring_.get(), index); }
  SlotWord word(std::uint32_t index = 0) { return SlotWord::unpack(slot(index).state.load()); }

  // Zeroed, and only the pages that are touched cost memory.
  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
};

TEST_F(RingWriter, ClaimsAFreeSlotInItsName) {
  EXPECT_TRUE(claim());
  EXPECT_EQ(word().state, SlotState::kClaimed);
  EXPECT_EQ(word().owner, 42);
}

TEST_F(RingWriter, ClaimsEachSlotOnce) {
  for (std::uint32_t index = 0; index < kSlotCount; ++index) EXPECT_TRUE(claim());
  EXPECT_FALSE(claim());
}

TEST_F(RingWriter, ForgetsWhatAnEarlierRecordLeft) {
  slot().committed.store(99);
  slot().cut_short.store(CutShort::kSlotFull);
  [[maybe_unused]] const SlotWriter writer = claim();
  EXPECT_EQ(slot().committed.load(), 0u);
  EXPECT_EQ(slot().cut_short.load(), CutShort::kNone);
}

TEST_F(RingWriter, ShowsNothingBeforeItCommits) {
  SlotWriter writer = claim();
  writer.append("12345678", 8);
  EXPECT_EQ(slot().committed.load(), 0u);
  writer.commit();
  EXPECT_EQ(slot().committed.load(), 8u);
}

TEST_F(RingWriter, TakesBackWhatIsNotCommitted) {
  SlotWriter writer = claim();
  writer.append("12345678", 8);
  writer.commit();
  writer.append("garbage!", 8);
  writer.rollback();
  EXPECT_EQ(writer.cursor(), 8u);
}

TEST_F(RingWriter, FillsInTheSizeOfASection) {
  SlotWriter writer = claim();
  const SectionHeader header{SectionTag::kCode, kSectionVersion, 0};
  writer.begin_section(&header, sizeof header);
  writer.append("abc", 3);
  writer.end_section();
  SectionHeader written;
  std::memcpy(&written, slot_payload(&slot()), sizeof written);
  EXPECT_EQ(written.size, 16u);
}

TEST_F(RingWriter, NeverWritesBeyondTheSlot) {
  SlotWriter writer = claim();
  EXPECT_EQ(writer.reserve(writer.room() + 1), nullptr);
  EXPECT_NE(writer.reserve(writer.room()), nullptr);
  EXPECT_FALSE(writer.append("x", 1));
}

TEST_F(RingWriter, AlwaysHasRoomForTheEnd) {
  SlotWriter writer = claim();
  writer.reserve(writer.room());
  writer.append_end({{SectionTag::kEnd, kSectionVersion, sizeof(EndSection)}, 3, 0});
  EXPECT_EQ(slot().committed.load(), kSlotPayload);
}

TEST_F(RingWriter, PublishesAndLetsGo) {
  SlotWriter writer = claim();
  const PublishedSlot published = writer.publish();
  EXPECT_FALSE(writer);
  EXPECT_EQ(word().state, SlotState::kPublished);
  EXPECT_EQ(published.futex->load(), published.expected);
}

TEST_F(RingWriter, SeesItsAckEvenWhenTheSlotIsClaimedAgainAtOnce) {
  SlotWriter writer = claim();
  const PublishedSlot published = writer.publish();
  slot().state.store(word().released().pack());
  [[maybe_unused]] const SlotWriter next = claim();
  EXPECT_NE(published.futex->load(), published.expected);
}

TEST_F(RingWriter, LeavesTheSlotClaimedWhenItDies) {
  { [[maybe_unused]] const SlotWriter writer = claim(); }
  EXPECT_EQ(word().state, SlotState::kClaimed);
}

TEST_F(RingWriter, PassesOwnershipOn) {
  SlotWriter first = claim();
  const SlotWriter second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the contract
  EXPECT_TRUE(second);
}

}  // namespace
}  // namespace pyfault::test
