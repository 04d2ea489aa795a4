#include "watchdog/ctl/quantity_text.h"

#include <gtest/gtest.h>

namespace pyfault::ctl {
namespace {

TEST(DurationText, HasTwoUnitsAtMost) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(59.9), "59s");
  EXPECT_EQ(duration_text(303), "5min 3s");
  EXPECT_EQ(duration_text(2 * 3600 + 5 * 60 + 59), "2h 5min");
  EXPECT_EQ(duration_text(3 * 86'400 + 4 * 3600), "3d 4h");
}

TEST(DurationText, LeavesOutWhatIsNothing) {
  EXPECT_EQ(duration_text(300), "5min");
  EXPECT_EQ(duration_text(3 * 86'400 + 59 * 60), "3d");
}

TEST(DurationText, AClockThatWasSetBackIsNoDisaster) {
  EXPECT_EQ(duration_text(-5), "0s");
  EXPECT_EQ(ago_text(-5), "0s ago");
}

TEST(DurationText, AgoHasOneUnit) {
  EXPECT_EQ(ago_text(303), "5min ago");
  EXPECT_EQ(ago_text(100 * 86'400), "100d ago");
}

TEST(SizeText, IsShort) {
  EXPECT_EQ(size_text(0), "0K");
  EXPECT_EQ(size_text(812 << 10), "812K");
  EXPECT_EQ(size_text((23 << 20) + (410 << 10)), "23.4M");
  EXPECT_EQ(size_text(std::int64_t{345} << 20), "345M");
  EXPECT_EQ(size_text(std::int64_t{3} << 29), "1.5G");
}

}  // namespace
}  // namespace pyfault::ctl
