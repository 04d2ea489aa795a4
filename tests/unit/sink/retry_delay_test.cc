#include "watchdog/sink/retry_delay.h"

#include <gmock/gmock.h>

#include <vector>

namespace pyfault {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

std::vector<long> next_four(RetryDelay& delay) {
  std::vector<long> delays;
  for (int i = 0; i < 4; ++i) delays.push_back(delay.next().count());
  return delays;
}

TEST(RetryDelay, doubles_up_to_the_longest) {
  RetryDelay delay(milliseconds(10), milliseconds(35));
  EXPECT_THAT(next_four(delay), ElementsAre(10, 20, 35, 35));
}

TEST(RetryDelay, begins_anew_once_it_has_worked) {
  RetryDelay delay(milliseconds(10), milliseconds(35));
  next_four(delay);
  delay.reset();
  EXPECT_THAT(next_four(delay), ElementsAre(10, 20, 35, 35));
}

TEST(RetryDelay, stays_the_same_where_none_is_longer) {
  RetryDelay delay(milliseconds(10), milliseconds(0));
  EXPECT_THAT(next_four(delay), ElementsAre(10, 10, 10, 10));
}

}  // namespace
}  // namespace pyfault
