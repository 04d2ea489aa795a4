#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "watchdog/ingest/handshake.h"

namespace pyfault {
namespace {

constexpr std::uint32_t kPython3170 = 0x031100f0;
constexpr std::uint32_t kPython3171 = 0x031101f0;
constexpr std::uint32_t kPython3134 = 0x030d04f0;

Hello hello(ArmStatus status, std::uint32_t version_hex, std::uint32_t detail = 0) {
  Hello hello{};
  hello.status = status;
  hello.version_hex = version_hex;
  hello.failed_check = detail;
  return hello;
}

std::string why(ArmStatus status, std::uint32_t version_hex, std::uint32_t detail = 0) {
  const Unwatched why = why_unwatched(hello(status, version_hex, detail));
  return std::string(name_of(why.reason)) + ": it " + why.predicate;
}

TEST(WhyUnwatchedTest, names_the_version) {
  EXPECT_EQ(why(ArmStatus::kUnknownVersion, kPython3170),
            "unknown-version: it is left alone: Python 3.17 is not known to this version");
}

TEST(WhyUnwatchedTest, names_the_check_that_failed) {
  EXPECT_EQ(
      why(ArmStatus::kInconsistentOffsets, kPython3134, 7),
      "unknown-layout: it is left alone: Python 3.13.4 (check 7) has not the memory layout of "
      "its version");
}

TEST(WhyUnwatchedTest, names_what_keeps_a_ring_from_being_made) {
  EXPECT_EQ(why(ArmStatus::kNoRing, kPython3134, EFBIG),
            "no-memory: it got no shared memory for its records: File too large");
  EXPECT_EQ(why(ArmStatus::kNoRing, kPython3134, 0xffffffff),
            "no-memory: it got no shared memory for its records: unknown error");
}

class LeftAloneTest : public ::testing::Test {
 protected:
  bool is_news(ArmStatus status, std::uint32_t version_hex, std::uint32_t detail = 0) {
    return left_alone_.is_news(why_unwatched(hello(status, version_hex, detail)));
  }

 private:
  ReportedReasons left_alone_;
};

TEST_F(LeftAloneTest, is_said_once_per_minor_version) {
  EXPECT_TRUE(is_news(ArmStatus::kUnknownVersion, kPython3170));
  EXPECT_FALSE(is_news(ArmStatus::kUnknownVersion, kPython3171));
}

TEST_F(LeftAloneTest, is_said_once_per_check) {
  EXPECT_TRUE(is_news(ArmStatus::kInconsistentOffsets, kPython3134, 7));
  EXPECT_FALSE(is_news(ArmStatus::kInconsistentOffsets, kPython3134, 7));
  EXPECT_TRUE(is_news(ArmStatus::kInconsistentOffsets, kPython3134, 8));
}

TEST_F(LeftAloneTest, falls_silent_when_versions_are_made_up) {
  for (std::uint32_t minor = 0; minor < 200; ++minor) {
    is_news(ArmStatus::kUnknownVersion, minor << 16);
  }
  EXPECT_FALSE(is_news(ArmStatus::kUnknownVersion, kPython3170));
}

}  // namespace
}  // namespace pyfault
