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

  // calloc() zeroes the ring, and only pages that are touched take memory.
  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
};

TEST_F(RingWriter, claims_a_free_slot_in_its_name) {
  EXPECT_TRUE(claim());
  EXPECT_EQ(word().state, SlotState::kClaimed);
  EXPECT_EQ(word().owner, 42);
}

TEST_F(RingWriter, claims_each_slot_once) {
  for (std::uint32_t index = 0; index < kSlotCount; ++index) EXPECT_TRUE(claim());
  EXPECT_FALSE(claim());
}

TEST_F(RingWriter, forgets_what_an_earlier_record_left) {
  slot().committed.store(99);
  slot().cut_short.store(CutShort::kSlotFull);
  [[maybe_unused]] const SlotWriter writer = claim();
  EXPECT_EQ(slot().committed.load(), 0u);
  EXPECT_EQ(slot().cut_short.load(), CutShort::kNone);
}

TEST_F(RingWriter, shows_nothing_before_it_commits) {
  SlotWriter writer = claim();
  writer.append("12345678", 8);
  EXPECT_EQ(slot().committed.load(), 0u);
  writer.commit();
  EXPECT_EQ(slot().committed.load(), 8u);
}

TEST_F(RingWriter, takes_back_what_is_not_committed) {
  SlotWriter writer = claim();
  writer.append("12345678", 8);
  writer.commit();
  writer.append("garbage!", 8);
  writer.rollback();
  EXPECT_EQ(writer.cursor(), 8u);
}

TEST_F(RingWriter, fills_in_the_size_of_a_section) {
  SlotWriter writer = claim();
  const SectionHeader header{SectionTag::kCode, kSectionVersion, 0};
  writer.begin_section(&header, sizeof header);
  writer.append("abc", 3);
  writer.end_section();
  SectionHeader written;
  std::memcpy(&written, slot_payload(&slot()), sizeof written);
  EXPECT_EQ(written.size, 16u);
}

TEST_F(RingWriter, never_writes_beyond_the_slot) {
  SlotWriter writer = claim();
  EXPECT_EQ(writer.reserve(writer.room() + 1), nullptr);
  EXPECT_NE(writer.reserve(writer.room()), nullptr);
  EXPECT_FALSE(writer.append("x", 1));
}

TEST_F(RingWriter, always_has_room_for_the_end) {
  SlotWriter writer = claim();
  writer.reserve(writer.room());
  writer.append_end({{SectionTag::kEnd, kSectionVersion, sizeof(EndSection)}, 3, 0});
  EXPECT_EQ(slot().committed.load(), kSlotPayload);
}

TEST_F(RingWriter, publishes_and_lets_go) {
  SlotWriter writer = claim();
  const PublishedSlot published = writer.publish();
  EXPECT_FALSE(writer);
  EXPECT_EQ(word().state, SlotState::kPublished);
  EXPECT_EQ(published.futex->load(), published.expected);
}

TEST_F(RingWriter, sees_its_ack_even_when_the_slot_is_claimed_again_at_once) {
  SlotWriter writer = claim();
  const PublishedSlot published = writer.publish();
  slot().state.store(word().released().pack());
  [[maybe_unused]] const SlotWriter next = claim();
  EXPECT_NE(published.futex->load(), published.expected);
}

TEST_F(RingWriter, reads_the_id_of_the_report_while_the_slot_is_not_reused) {
  SlotWriter writer = claim();
  const PublishedSlot published = writer.publish();
  slot().report_id[0].store(7);
  EXPECT_EQ(read_report_id(published).words[0], 0u) << "there is no ack yet";
  slot().state.store(word().released().pack());
  EXPECT_EQ(read_report_id(published).words[0], 7u);
  [[maybe_unused]] const SlotWriter next = claim();
  EXPECT_EQ(read_report_id(published).words[0], 7u);
  slot().state.store(word().released().pack());
  EXPECT_EQ(read_report_id(published).words[0], 0u) << "it is that of the next record";
}

TEST_F(RingWriter, leaves_the_slot_claimed_when_it_dies) {
  { [[maybe_unused]] const SlotWriter writer = claim(); }
  EXPECT_EQ(word().state, SlotState::kClaimed);
}

TEST_F(RingWriter, passes_ownership_on) {
  SlotWriter first = claim();
  const SlotWriter second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): being empty is the contract
  EXPECT_TRUE(second);
}

}  // namespace
}  // namespace pyfault::test
