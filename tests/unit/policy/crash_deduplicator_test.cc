#include "watchdog/policy/crash_deduplicator.h"

#include <gtest/gtest.h>

#include <string>

namespace pyfault {
namespace {

using namespace std::chrono_literals;

class Repeated : public testing::Test {
 protected:
  bool report_in_full(const std::string& fingerprint) {
    return crashes_.count(fingerprint, now_).report_in_full;
  }
  void crash(const std::string& fingerprint, int times) {
    for (int i = 0; i < times; ++i) crashes_.count(fingerprint, now_);
  }

  CrashDeduplicator crashes_;
  CrashDeduplicator::TimePoint now_{};
};

TEST_F(Repeated, the_first_three_are_reported_in_full) {
  EXPECT_TRUE(report_in_full("a"));
  EXPECT_TRUE(report_in_full("a"));
  EXPECT_TRUE(report_in_full("a"));
  EXPECT_FALSE(report_in_full("a"));
}

TEST_F(Repeated, each_kind_is_counted_by_itself) {
  crash("a", 10);
  EXPECT_TRUE(report_in_full("b"));
}

TEST_F(Repeated, each_hour_one_is_reported_in_full) {
  crash("a", 10);
  now_ += 59min;
  EXPECT_FALSE(report_in_full("a"));
  now_ += 1min;
  EXPECT_TRUE(report_in_full("a"));
  EXPECT_FALSE(report_in_full("a"));
}

TEST_F(Repeated, none_goes_uncounted) {
  crash("a", 41);
  EXPECT_EQ(crashes_.count("a", now_).occurrence, 42u);
}

TEST_F(Repeated, what_has_no_fingerprint_is_no_repetition) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(report_in_full(""));
}

TEST_F(Repeated, a_flood_of_kinds_forgets_those_seen_longest_ago) {
  crash("old", 4);
  now_ += 1s;
  crash("kept", 4);
  for (std::size_t i = 0; i < CrashDeduplicator::kMaxKinds - 1; ++i) {
    now_ += 1s;
    crash(std::to_string(i), 1);
  }
  EXPECT_FALSE(report_in_full("kept"));
  EXPECT_TRUE(report_in_full("old"));
}

}  // namespace
}  // namespace pyfault
