#include "watchdog/os/random_hex.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

TEST(RandomHex, HasTwoLowerCaseDigitsAByte) {
  EXPECT_THAT(random_hex(16), ::testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(random_hex(16).size(), 32u);
}

TEST(RandomHex, IsAnotherOneEachTime) {
  EXPECT_NE(random_hex(16), random_hex(16));
}

}  // namespace
}  // namespace pyfault
