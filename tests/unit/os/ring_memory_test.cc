// The memfd that a hostile process holds must stay a ring of its size, and cost no more than is
// used.
#include "watchdog/os/ring_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "shared/ring_layout.h"

namespace pyfault {
namespace {

constexpr std::size_t kBytesPerBlock = 512;  // of st_blocks

class RingMemoryTest : public ::testing::Test {
 protected:
  std::size_t bytes_in_use() const {
    struct stat status {};
    fstat(file_.descriptor(), &status);
    return static_cast<std::size_t>(status.st_blocks) * kBytesPerBlock;
  }
  std::byte* payload(std::uint32_t slot) { return slot_payload(ring_slot(ring_.address(), slot)); }
  void fill(std::uint32_t slot, std::size_t size) { std::memset(payload(slot), 0x5a, size); }

  RingFile file_;
  RingMemory ring_{file_};
};

TEST_F(RingMemoryTest, CannotBeShrunk) {
  EXPECT_EQ(ftruncate(file_.descriptor(), kRingSize / 2), -1);
}

TEST_F(RingMemoryTest, CannotBeGrown) {
  EXPECT_EQ(ftruncate(file_.descriptor(), kRingSize * 2), -1);
}

TEST_F(RingMemoryTest, TakesNoMoreSeals) {
  EXPECT_EQ(fcntl(file_.descriptor(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST_F(RingMemoryTest, IsClosedOnExec) {
  EXPECT_EQ(fcntl(file_.descriptor(), F_GETFD), FD_CLOEXEC);
}

TEST_F(RingMemoryTest, SaysWhatItIs) {
  const RingHeader* header = ring_header(ring_.address());
  EXPECT_EQ(header->magic, kRingMagic);
  EXPECT_EQ(header->version, kRingVersion);
  EXPECT_EQ(header->slot_count, kSlotCount);
  EXPECT_EQ(header->slot_size, kSlotSize);
}

TEST_F(RingMemoryTest, CostsOnePageUntilASlotIsUsed) {
  EXPECT_EQ(bytes_in_use(), kRingHeaderSize);
}

TEST_F(RingMemoryTest, GivesTheMemoryOfALargeRecordBack) {
  fill(0, kSlotPayload);
  ring_.give_back(0, kSlotPayload);
  EXPECT_EQ(bytes_in_use(), kRingHeaderSize + kSlotKeptBytes);
}

TEST_F(RingMemoryTest, LeavesTheNextSlotAlone) {
  fill(0, kSlotPayload);
  fill(1, 1);
  ring_.give_back(0, kSlotPayload);
  EXPECT_EQ(payload(1)[0], std::byte{0x5a});
}

TEST_F(RingMemoryTest, GivesTheLastSlotBack) {
  fill(kSlotCount - 1, kSlotPayload);
  ring_.give_back(kSlotCount - 1, kSlotPayload);
  EXPECT_EQ(bytes_in_use(), kRingHeaderSize + kSlotKeptBytes);
}

TEST_F(RingMemoryTest, KeepsTheMemoryOfASmallRecord) {
  fill(0, kSlotKeptBytes / 2);
  const std::size_t before = bytes_in_use();
  ring_.give_back(0, kSlotKeptBytes / 2);
  EXPECT_EQ(bytes_in_use(), before);
}

}  // namespace
}  // namespace pyfault
