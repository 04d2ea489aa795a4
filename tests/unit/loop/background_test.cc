// Background work that finishes, hangs, throws, or is not waited for any longer.
#include "watchdog/loop/background.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <new>
#include <optional>
#include <string>

namespace pyfault {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;

class BackgroundTest : public testing::Test {
 protected:
  ~BackgroundTest() override { go_.set_value(); }

  Background& with_patience(std::chrono::steady_clock::duration patience) {
    return background_.emplace(io_, patience);
  }
  // Work that hangs until the test is over.
  Background::Work hang() const {
    return [gone = gone_] { gone.wait(); };
  }
  Background::Then tell(const std::string& name) {
    return [this, name](bool done) { told_.push_back(name + (done ? " done" : " given up")); };
  }
  void run_until(std::size_t count) {
    io_.restart();
    while (told_.size() < count) ASSERT_EQ(io_.run_one_for(hours(1)), 1U);
  }

  std::promise<void> go_;
  std::shared_future<void> gone_ = go_.get_future().share();
  boost::asio::io_context io_{1};
  std::optional<Background> background_;
  std::vector<std::string> told_;
};

TEST_F(BackgroundTest, tells_in_order) {
  Background& background = with_patience(hours(1));
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(background.begin([] {}, tell(name)));
  run_until(3);
  EXPECT_THAT(told_, ElementsAre("a done", "b done", "c done"));
}

TEST_F(BackgroundTest, one_that_hangs_is_given_up_and_the_next_is_done) {
  Background& background = with_patience(milliseconds(20));
  background.begin(hang(), tell("hung"));
  background.begin([] {}, tell("next"));
  run_until(2);
  EXPECT_THAT(told_, ElementsAre("hung given up", "next done"));
}

TEST_F(BackgroundTest, one_that_throws_is_not_done) {
  Background& background = with_patience(hours(1));
  background.begin([] { throw std::bad_alloc(); }, tell("thrown"));
  background.begin([] {}, tell("next"));
  run_until(2);
  EXPECT_THAT(told_, ElementsAre("thrown given up", "next done"));
}

TEST_F(BackgroundTest, while_too_many_hang_nothing_is_begun) {
  Background& background = with_patience(milliseconds(20));
  for (std::size_t count = 1; count <= HelperThread::kMaxHanging; ++count) {
    background.begin(hang(), tell("hung"));
    run_until(count);
  }
  EXPECT_FALSE(background.begin([] {}, tell("never")));
}

TEST_F(BackgroundTest, at_the_end_it_waits_for_what_was_begun) {
  Background& background = with_patience(hours(1));
  background.begin([] {}, tell("a"));
  background.begin([] {}, tell("b"));
  background.finish();
  EXPECT_THAT(told_, ElementsAre("a done", "b done"));
}

TEST_F(BackgroundTest, at_the_end_it_does_not_wait_for_long) {
  Background& background = with_patience(milliseconds(20));
  background.begin(hang(), tell("hung"));
  background.begin([] {}, tell("behind"));
  background.finish();
  EXPECT_THAT(told_, ElementsAre("hung given up", "behind given up"));
}

TEST_F(BackgroundTest, what_is_done_after_its_end_is_nobodys_business) {
  std::promise<void> started;
  Background& background = with_patience(hours(1));
  background.begin([&] { started.set_value(); }, tell("never"));
  started.get_future().wait();
  background_.reset();
  io_.run_for(milliseconds(1));
  EXPECT_THAT(told_, ElementsAre());
}

}  // namespace
}  // namespace pyfault
