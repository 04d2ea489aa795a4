// The reader must cope with state words and sizes that no correct writer produces, and it must wake
// a waiting writer.
#include "shared/ring_reader.h"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

namespace pyfault {
namespace {

constexpr std::uint32_t kSlot = 3;
constexpr std::int32_t kOwner = 4242;
constexpr std::uint32_t kGeneration = 7;
constexpr std::uint64_t kStateThree = 3;

class RingReaderTest : public ::testing::Test {
 protected:
  RingReaderTest()
      : ring_(mmap(nullptr, kRingSize, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
        reader_(ring_) {}
  ~RingReaderTest() override { munmap(ring_, kRingSize); }

  SlotHeader& slot() { return *ring_slot(ring_, kSlot); }
  void put(std::uint64_t word) { slot().state = word; }
  void put(SlotState state, std::int32_t owner) { put(SlotWord{state, kGeneration, owner}.pack()); }
  SlotFinding found() const { return reader_.snapshot(kSlot).finding; }
  bool release() { return reader_.release(kSlot, slot().state); }

  void* ring_;
  RingReader reader_;
};

TEST_F(RingReaderTest, fresh_slots_are_free) {
  for (std::uint32_t index = 0; index < kSlotCount; ++index) {
    EXPECT_EQ(reader_.snapshot(index).finding, SlotFinding::kFree);
  }
}

TEST_F(RingReaderTest, a_ring_that_its_agent_has_given_up_is_not_taken) {
  RingHeader& header = *ring_header(ring_);
  EXPECT_TRUE(reader_.take(RingStage::kHeard));
  EXPECT_TRUE(reader_.take(RingStage::kTaken));
  EXPECT_EQ(header.stage, RingStage::kTaken);
  header.stage = RingStage::kGivenUp;
  EXPECT_FALSE(reader_.take(RingStage::kTaken));
  EXPECT_EQ(header.stage, RingStage::kGivenUp);
}

TEST_F(RingReaderTest, a_claimed_slot_names_its_owner) {
  put(SlotState::kClaimed, kOwner);
  EXPECT_EQ(found(), SlotFinding::kClaimed);
  EXPECT_EQ(reader_.snapshot(kSlot).owner, kOwner);
}

TEST_F(RingReaderTest, a_published_slot_names_its_owner) {
  put(SlotState::kPublished, kOwner);
  EXPECT_EQ(found(), SlotFinding::kPublished);
  EXPECT_EQ(reader_.snapshot(kSlot).owner, kOwner);
}

TEST_F(RingReaderTest, a_state_that_does_not_exist_is_garbage) {
  put(SlotWord{static_cast<SlotState>(kStateThree), kGeneration, kOwner}.pack());
  EXPECT_EQ(found(), SlotFinding::kGarbage);
}

TEST_F(RingReaderTest, a_published_slot_without_an_owner_is_garbage) {
  put(SlotState::kPublished, 0);
  EXPECT_EQ(found(), SlotFinding::kGarbage);
}

TEST_F(RingReaderTest, a_claimed_slot_with_a_negative_owner_is_garbage) {
  put(SlotState::kClaimed, -1);
  EXPECT_EQ(found(), SlotFinding::kGarbage);
}

TEST_F(RingReaderTest, a_free_slot_with_an_owner_is_garbage) {
  put(SlotState::kFree, kOwner);
  EXPECT_EQ(found(), SlotFinding::kGarbage);
}

TEST_F(RingReaderTest, released_garbage_is_a_free_slot) {
  put(~std::uint64_t{0});
  EXPECT_TRUE(release());
  EXPECT_EQ(found(), SlotFinding::kFree);
}

TEST_F(RingReaderTest, release_moves_the_generation_on) {
  put(SlotState::kPublished, kOwner);
  EXPECT_TRUE(release());
  EXPECT_EQ(SlotWord::unpack(slot().state).generation, kGeneration + 1);
}

TEST_F(RingReaderTest, a_released_slot_holds_nothing) {
  put(SlotState::kPublished, kOwner);
  slot().committed = 100;
  EXPECT_TRUE(release());
  EXPECT_EQ(reader_.committed(kSlot), 0u);
}

TEST_F(RingReaderTest, the_last_generation_is_followed_by_the_first) {
  put(SlotWord{SlotState::kPublished, SlotWord::kGenerationMask, kOwner}.pack());
  EXPECT_TRUE(release());
  EXPECT_EQ(slot().state, 0u);
}

TEST_F(RingReaderTest, release_leaves_a_word_alone_that_has_changed_since) {
  put(SlotState::kClaimed, kOwner);
  const std::uint64_t seen = slot().state;
  put(SlotState::kPublished, kOwner);
  EXPECT_FALSE(reader_.release(kSlot, seen));
  EXPECT_EQ(found(), SlotFinding::kPublished);
}

TEST_F(RingReaderTest, committed_beyond_the_slot_is_cut_to_the_slot) {
  slot().committed = ~std::uint32_t{0};
  EXPECT_EQ(reader_.committed(kSlot), kSlotPayload);
}

TEST_F(RingReaderTest, copies_the_payload_out) {
  slot_payload(&slot())[1] = std::byte{0x5a};
  slot().committed = 2;
  std::vector<std::byte> copy(reader_.committed(kSlot));
  reader_.copy_out(kSlot, copy.data(), copy.size());
  EXPECT_EQ(copy, (std::vector{std::byte{0}, std::byte{0x5a}}));
}

TEST_F(RingReaderTest, copies_the_last_slot_to_its_very_end) {
  const std::uint32_t last = kSlotCount - 1;
  slot_payload(ring_slot(ring_, last))[kSlotPayload - 1] = std::byte{1};
  std::vector<std::byte> copy(kSlotPayload);
  reader_.copy_out(last, copy.data(), copy.size());
  EXPECT_EQ(copy.back(), std::byte{1});
}

TEST_F(RingReaderTest, copies_nothing_of_nothing) {
  reader_.copy_out(kSlot, nullptr, 0);
}

TEST_F(RingReaderTest, the_header_is_not_believed) {
  ring_header(ring_)->slot_count = 1000;
  ring_header(ring_)->slot_size = 1;
  put(SlotState::kPublished, kOwner);
  EXPECT_EQ(found(), SlotFinding::kPublished);
}

TEST_F(RingReaderTest, counts_dropped_records) {
  ring_header(ring_)->dropped_records = 5;
  EXPECT_EQ(reader_.dropped_records(), 5u);
}

// The system call in which the process waits according to /proc, or -1 while it runs.
int system_call_of(pid_t pid) {
  int number = -1;
  std::ifstream("/proc/" + std::to_string(pid) + "/syscall") >> number;
  return number;
}

TEST_F(RingReaderTest, release_wakes_a_writer_in_another_process) {
  put(SlotState::kPublished, kOwner);
  const auto expected = static_cast<std::uint32_t>(slot().state.load());
  const pid_t writer = fork();
  if (writer == 0) {
    syscall(SYS_futex, &slot().state, FUTEX_WAIT, expected, nullptr, nullptr, 0);
    _exit(0);
  }
  while (system_call_of(writer) != SYS_futex) sched_yield();
  EXPECT_TRUE(release());
  int status = -1;
  EXPECT_EQ(waitpid(writer, &status, 0), writer);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace pyfault
