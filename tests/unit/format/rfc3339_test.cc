#include "watchdog/format/rfc3339.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(Rfc3339, is_utc_with_microseconds) {
  EXPECT_EQ(rfc3339_utc(1795419610123456789), "2026-11-23T07:40:10.123456Z");
}

TEST(Rfc3339, keeps_leading_zeros_of_the_fraction) {
  EXPECT_EQ(rfc3339_utc(1'000), "1970-01-01T00:00:00.000001Z");
}

TEST(Rfc3339, rounds_down_before_the_epoch_too) {
  EXPECT_EQ(rfc3339_utc(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, a_clock_that_was_set_to_its_limits_is_still_a_time) {
  EXPECT_EQ(rfc3339_utc(INT64_MAX), "2262-04-11T23:47:16.854775Z");
  EXPECT_EQ(rfc3339_utc(INT64_MIN), "1677-09-21T00:12:43.145224Z");
}

}  // namespace
}  // namespace pyfault
