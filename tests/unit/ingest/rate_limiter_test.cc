// What a rate limiter lets through, and what it counts.
#include "watchdog/ingest/rate_limiter.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kBurst = RateLimit{}.burst;
constexpr std::uint64_t kGroup = RateLimit{}.group;

class RecordLimitTest : public ::testing::Test {
 protected:
  std::uint64_t admitted_of(std::uint64_t count) {
    std::uint64_t admitted = 0;
    while (count-- > 0) admitted += limit_.admit(now_) ? 1 : 0;
    return admitted;
  }

  RateLimiter limit_;
  RateLimiter::Time now_{seconds(1'000'000)};
};

TEST_F(RecordLimitTest, a_burst_passes) {
  EXPECT_EQ(admitted_of(kBurst), kBurst);
  EXPECT_EQ(limit_.take_suppressed(), 0U);
  EXPECT_FALSE(limit_.is_limiting());
}

TEST_F(RecordLimitTest, what_is_above_is_counted) {
  EXPECT_EQ(admitted_of(kBurst + 7), kBurst);
  EXPECT_TRUE(limit_.is_limiting());
  EXPECT_EQ(limit_.take_suppressed(), 7U);
  EXPECT_EQ(limit_.take_suppressed(), 0U);
}

TEST_F(RecordLimitTest, one_a_second_passes_for_ever) {
  admitted_of(kBurst);
  for (int i = 0; i < 10'000; ++i) {
    now_ += seconds(1);
    EXPECT_EQ(admitted_of(1), 1U);
  }
}

TEST_F(RecordLimitTest, once_shut_it_opens_for_a_group) {
  admitted_of(kBurst + 1);
  now_ += seconds(kGroup - 1);
  EXPECT_EQ(admitted_of(1), 0U);
  now_ += seconds(1);
  EXPECT_EQ(admitted_of(100), kGroup);
  EXPECT_EQ(limit_.take_suppressed(), 42U);
}

TEST_F(RecordLimitTest, it_holds_no_more_than_a_burst) {
  admitted_of(kBurst + 1);
  now_ += seconds(1'000'000);
  EXPECT_EQ(admitted_of(2 * kBurst), kBurst);
}

}  // namespace
}  // namespace pyfault
