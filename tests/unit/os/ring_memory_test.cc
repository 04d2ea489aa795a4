// The watched process, which may be hostile, holds the memfd too: it must remain a ring of its
// size, and take no more memory than is used.
#include "watchdog/os/ring_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "shared/ring_layout.h"
#include "tests/support/agent_side.h"

namespace pyfault {
namespace {

constexpr std::size_t kBytesPerBlock = 512;  // the unit of st_blocks

class RingMemoryTest : public ::testing::Test {
 protected:
  std::size_t bytes_in_use() const {
    struct stat status {};
    fstat(file_.descriptor(), &status);
    return static_cast<std::size_t>(status.st_blocks) * kBytesPerBlock;
  }
  std::byte* payload(std::uint32_t slot) { return slot_payload(ring_slot(ring_.address(), slot)); }
  void fill(std::uint32_t slot, std::size_t size) { std::memset(payload(slot), 0x5a, size); }

  RingFile file_{test::make_ring()};
  RingMemory ring_{file_};
};

TEST_F(RingMemoryTest, knows_its_number) {
  struct stat status {};
  fstat(file_.descriptor(), &status);
  EXPECT_EQ(file_.id(), status.st_ino);
}

TEST_F(RingMemoryTest, costs_nothing_until_it_is_used) {
  EXPECT_EQ(bytes_in_use(), 0U);
}

TEST_F(RingMemoryTest, what_is_no_ring_is_refused) {
  EXPECT_THROW(RingFile{UniqueFd()}, std::runtime_error);
  EXPECT_THROW(RingFile(UniqueFd(dup(STDIN_FILENO))), std::runtime_error);
  EXPECT_THROW(RingFile(test::make_ring(0)), std::runtime_error);
  EXPECT_THROW(RingFile(test::make_ring(test::kRingSeals, 4096)), std::runtime_error);
}

TEST_F(RingMemoryTest, gives_the_memory_of_a_large_record_back) {
  fill(0, kSlotPayload);
  ring_.give_back(0, kSlotPayload);
  EXPECT_EQ(bytes_in_use(), kSlotKeptBytes);
}

TEST_F(RingMemoryTest, leaves_the_next_slot_alone) {
  fill(0, kSlotPayload);
  fill(1, 1);
  ring_.give_back(0, kSlotPayload);
  EXPECT_EQ(payload(1)[0], std::byte{0x5a});
}

TEST_F(RingMemoryTest, gives_the_last_slot_back) {
  fill(kSlotCount - 1, kSlotPayload);
  ring_.give_back(kSlotCount - 1, kSlotPayload);
  EXPECT_EQ(bytes_in_use(), kSlotKeptBytes);
}

TEST_F(RingMemoryTest, keeps_the_memory_of_a_small_record) {
  fill(0, kSlotKeptBytes / 2);
  const std::size_t before = bytes_in_use();
  ring_.give_back(0, kSlotKeptBytes / 2);
  EXPECT_EQ(bytes_in_use(), before);
}

}  // namespace
}  // namespace pyfault
