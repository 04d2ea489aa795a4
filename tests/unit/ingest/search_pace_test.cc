#include "watchdog/ingest/search_pace.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SearchPaceTest : public testing::Test {
 protected:
  seconds until_due() const { return std::chrono::duration_cast<seconds>(pace_.due() - now_); }
  // Looks as soon as that is due; returns when the next look is.
  seconds after_look(bool is_open = false) {
    now_ = pace_.due();
    pace_.on_looked(now_, is_open);
    return until_due();
  }

  SearchPace::Time now_{seconds(1000)};
  SearchPace pace_{now_};
};

TEST_F(SearchPaceTest, begins_soon_after_the_start) {
  EXPECT_EQ(until_due(), seconds(1));
}

TEST_F(SearchPaceTest, becomes_slower_with_each_look) {
  EXPECT_EQ(after_look(), seconds(1));
  EXPECT_EQ(after_look(), seconds(2));
  EXPECT_EQ(after_look(), seconds(4));
}

TEST_F(SearchPaceTest, is_never_slower_than_once_a_minute) {
  for (int look = 0; look < 20; ++look) after_look();
  EXPECT_EQ(until_due(), seconds(60));
}

TEST_F(SearchPaceTest, may_look_along_with_others_in_the_second_half_of_the_wait) {
  after_look();
  EXPECT_EQ(after_look(), seconds(2));
  EXPECT_FALSE(pace_.is_near(now_ + milliseconds(999)));
  EXPECT_TRUE(pace_.is_near(now_ + milliseconds(1000)));
}

TEST_F(SearchPaceTest, a_second_opinion_is_had_soon_and_then_it_goes_on_as_before) {
  for (int look = 0; look < 3; ++look) after_look();
  EXPECT_EQ(after_look(true), seconds(1));
  EXPECT_EQ(after_look(), seconds(8));
}

}  // namespace
}  // namespace pyfault
