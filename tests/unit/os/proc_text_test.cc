#include "watchdog/os/proc_text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace pyfault {
namespace {

constexpr std::string_view kStatus =
    "Name:\tUid: 7\nUid:\t1\t2\t3\t4\nGroups:\t \nSigCgt:\t0000000180014002\n";

TEST(ValueOf, IsTheRestOfTheLine) {
  EXPECT_EQ(value_of(kStatus, "Uid:"), "1\t2\t3\t4");
}

TEST(ValueOf, OfALineThatIsNotThereIsEmpty) {
  EXPECT_EQ(value_of(kStatus, "Gid:"), "");
}

TEST(ValueOf, AKeyIsOnlyMeantAtTheBeginningOfALine) {
  EXPECT_EQ(value_of(kStatus, "id:"), "");
}

TEST(ValueOf, OfALineOfBlanksIsEmptyAndNotTheNextLine) {
  EXPECT_EQ(value_of(kStatus, "Groups:"), "");
}

TEST(TakeField, TakesOneAfterTheOtherAndThenNothing) {
  std::string_view text = " R 1\n";
  EXPECT_EQ(take_field(text), "R");
  EXPECT_EQ(take_field(text), "1");
  EXPECT_EQ(take_field(text), "");
  EXPECT_EQ(take_field(text), "");
}

TEST(TakeNumber, OfAnotherBase) {
  std::string_view text = value_of(kStatus, "SigCgt:");
  EXPECT_EQ(take_number<std::uint64_t>(text, 16), 0x180014002U);
}

TEST(TakeNumber, OfWhatIsNoneOrDoesNotFitIsNone) {
  std::string_view text = "1x 99999999999 -2";
  EXPECT_EQ(take_number<int>(text), std::nullopt);
  EXPECT_EQ(take_number<int>(text), std::nullopt);
  EXPECT_EQ(take_number<int>(text), -2);
}

}  // namespace
}  // namespace pyfault
