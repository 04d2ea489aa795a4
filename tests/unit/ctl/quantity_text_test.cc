#include "watchdog/ctl/quantity_text.h"

#include <gtest/gtest.h>

namespace pyfault::ctl {
namespace {

TEST(DurationText, has_two_units_at_most) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(59.9), "59s");
  EXPECT_EQ(duration_text(303), "5min 3s");
  EXPECT_EQ(duration_text(2 * 3600 + 5 * 60 + 59), "2h 5min");
  EXPECT_EQ(duration_text(3 * 86'400 + 4 * 3600), "3d 4h");
}

TEST(DurationText, leaves_out_what_is_nothing) {
  EXPECT_EQ(duration_text(300), "5min");
  EXPECT_EQ(duration_text(3 * 86'400 + 59 * 60), "3d");
}

TEST(DurationText, a_clock_that_was_set_back_is_no_disaster) {
  EXPECT_EQ(duration_text(-5), "0s");
  EXPECT_EQ(ago_text(-5), "0s ago");
}

TEST(DurationText, ago_has_one_unit) {
  EXPECT_EQ(ago_text(303), "5min ago");
  EXPECT_EQ(ago_text(100 * 86'400), "100d ago");
}

TEST(SizeText, is_short) {
  EXPECT_EQ(size_text(0), "0K");
  EXPECT_EQ(size_text(812 << 10), "812K");
  EXPECT_EQ(size_text((23 << 20) + (410 << 10)), "23.4M");
  EXPECT_EQ(size_text(std::int64_t{345} << 20), "345M");
  EXPECT_EQ(size_text(std::int64_t{3} << 29), "1.5G");
}

}  // namespace
}  // namespace pyfault::ctl
