// What passes, and what is counted.
#include "watchdog/ingest/record_limit.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kBurst = RecordAllowance{}.burst;
constexpr std::uint64_t kGroup = RecordAllowance{}.group;

class RecordLimitTest : public ::testing::Test {
 protected:
  std::uint64_t admitted_of(std::uint64_t count) {
    std::uint64_t admitted = 0;
    while (count-- > 0) admitted += limit_.admit(now_) ? 1 : 0;
    return admitted;
  }

  RecordLimit limit_;
  RecordLimit::Time now_{seconds(1'000'000)};
};

TEST_F(RecordLimitTest, ABurstPasses) {
  EXPECT_EQ(admitted_of(kBurst), kBurst);
  EXPECT_EQ(limit_.take_left_out(), 0U);
  EXPECT_FALSE(limit_.is_shut());
}

TEST_F(RecordLimitTest, WhatIsAboveIsCounted) {
  EXPECT_EQ(admitted_of(kBurst + 7), kBurst);
  EXPECT_TRUE(limit_.is_shut());
  EXPECT_EQ(limit_.take_left_out(), 7U);
  EXPECT_EQ(limit_.take_left_out(), 0U);
}

TEST_F(RecordLimitTest, OneASecondPassesForEver) {
  admitted_of(kBurst);
  for (int i = 0; i < 10'000; ++i) {
    now_ += seconds(1);
    EXPECT_EQ(admitted_of(1), 1U);
  }
}

TEST_F(RecordLimitTest, OnceShutItOpensForAGroup) {
  admitted_of(kBurst + 1);
  now_ += seconds(kGroup - 1);
  EXPECT_EQ(admitted_of(1), 0U);
  now_ += seconds(1);
  EXPECT_EQ(admitted_of(100), kGroup);
  EXPECT_EQ(limit_.take_left_out(), 42U);
}

TEST_F(RecordLimitTest, ItHoldsNoMoreThanABurst) {
  admitted_of(kBurst + 1);
  now_ += seconds(1'000'000);
  EXPECT_EQ(admitted_of(2 * kBurst), kBurst);
}

}  // namespace
}  // namespace pyfault
