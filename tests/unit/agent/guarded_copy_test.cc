#include "agent/in_signal/guarded_copy.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>

#include "tests/unit/agent/guarded.h"

namespace pyfault::test {
namespace {

class GuardedCopy : public ::testing::Test {
 protected:
  Guarded guarded_;
  CliffEdge cliff_;
  std::array<std::byte, 512> to_{};
};

TEST_F(GuardedCopy, copies_every_size_up_to_its_largest_use) {
  std::array<unsigned char, 300> from;
  std::iota(from.begin(), from.end(), static_cast<unsigned char>(1));
  for (std::size_t size = 0; size <= from.size(); ++size) {
    to_.fill(std::byte{0xee});
    ASSERT_TRUE(guarded_copy(to_.data(), address_of(from.data()), size)) << size;
    ASSERT_EQ(std::memcmp(to_.data(), from.data(), size), 0) << size;
    ASSERT_EQ(to_[size], std::byte{0xee}) << size;
  }
}

TEST_F(GuardedCopy, reads_up_to_the_last_readable_byte) {
  for (std::size_t size = 1; size <= 100; ++size) {
    EXPECT_TRUE(guarded_copy(to_.data(), address_of(cliff_.last(size)), size)) << size;
  }
}

TEST_F(GuardedCopy, fails_where_the_last_byte_is_unreadable) {
  for (std::size_t size = 1; size <= 100; ++size) {
    EXPECT_FALSE(guarded_copy(to_.data(), address_of(cliff_.last(size - 1)), size)) << size;
  }
}

TEST_F(GuardedCopy, fails_on_the_null_page) {
  EXPECT_FALSE(guarded_copy(to_.data(), 8, 8));
}

TEST_F(GuardedCopy, fails_on_a_non_canonical_address) {
  EXPECT_FALSE(guarded_copy(to_.data(), 0x4141414141414141, 8));
}

TEST_F(GuardedCopy, fails_on_kernel_memory) {
  EXPECT_FALSE(guarded_copy(to_.data(), 0xffffffff81000000, 64));
}

TEST_F(GuardedCopy, fails_where_it_cannot_write) {
  const std::array<std::byte, 64> from{};
  EXPECT_FALSE(guarded_copy(cliff_.unreadable(), address_of(from.data()), from.size()));
}

TEST_F(GuardedCopy, names_no_fixup_for_any_other_instruction) {
  EXPECT_EQ(guarded_copy_fixup(address_of(reinterpret_cast<const void*>(&std::memcpy))), 0u);
}

}  // namespace
}  // namespace pyfault::test
