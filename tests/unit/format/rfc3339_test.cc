#include "watchdog/format/rfc3339.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(Rfc3339, IsUtcWithMicroseconds) {
  EXPECT_EQ(rfc3339_utc(1795419610123456789), "2026-11-23T07:40:10.123456Z");
}

TEST(Rfc3339, KeepsLeadingZerosOfTheFraction) {
  EXPECT_EQ(rfc3339_utc(1'000), "1970-01-01T00:00:00.000001Z");
}

TEST(Rfc3339, RoundsDownBeforeTheEpochToo) {
  EXPECT_EQ(rfc3339_utc(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, AClockThatWasSetToItsLimitsIsStillATime) {
  EXPECT_EQ(rfc3339_utc(INT64_MAX), "2262-04-11T23:47:16.854775Z");
  EXPECT_EQ(rfc3339_utc(INT64_MIN), "1677-09-21T00:12:43.145224Z");
}

}  // namespace
}  // namespace pyfault
