#include "watchdog/os/random_hex.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

TEST(RandomHex, has_two_lower_case_digits_a_byte) {
  EXPECT_THAT(random_hex(16), ::testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(random_hex(16).size(), 32u);
}

TEST(RandomHex, is_another_one_each_time) {
  EXPECT_NE(random_hex(16), random_hex(16));
}

}  // namespace
}  // namespace pyfault
