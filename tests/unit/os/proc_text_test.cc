#include "watchdog/os/proc_text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace pyfault {
namespace {

constexpr std::string_view kStatus =
    "Name:\tUid: 7\nUid:\t1\t2\t3\t4\nGroups:\t \nSigCgt:\t0000000180014002\n";

TEST(ValueOf, is_the_rest_of_the_line) {
  EXPECT_EQ(value_of(kStatus, "Uid:"), "1\t2\t3\t4");
}

TEST(ValueOf, of_a_line_that_is_not_there_is_empty) {
  EXPECT_EQ(value_of(kStatus, "Gid:"), "");
}

TEST(ValueOf, a_key_is_only_meant_at_the_beginning_of_a_line) {
  EXPECT_EQ(value_of(kStatus, "id:"), "");
}

TEST(ValueOf, of_a_line_of_blanks_is_empty_and_not_the_next_line) {
  EXPECT_EQ(value_of(kStatus, "Groups:"), "");
}

TEST(TakeField, takes_one_after_the_other_and_then_nothing) {
  std::string_view text = " R 1\n";
  EXPECT_EQ(take_field(text), "R");
  EXPECT_EQ(take_field(text), "1");
  EXPECT_EQ(take_field(text), "");
  EXPECT_EQ(take_field(text), "");
}

TEST(TakeNumber, of_another_base) {
  std::string_view text = value_of(kStatus, "SigCgt:");
  EXPECT_EQ(take_number<std::uint64_t>(text, 16), 0x180014002U);
}

TEST(TakeNumber, of_what_is_none_or_does_not_fit_is_none) {
  std::string_view text = "1x 99999999999 -2";
  EXPECT_EQ(take_number<int>(text), std::nullopt);
  EXPECT_EQ(take_number<int>(text), std::nullopt);
  EXPECT_EQ(take_number<int>(text), -2);
}

}  // namespace
}  // namespace pyfault
