#include "watchdog/loop/timer.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace pyfault {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class TimerTest : public ::testing::Test {
 protected:
  void start(std::chrono::steady_clock::duration delay) {
    timer_->start(delay, [this] { ++calls_; });
  }

  // Both timers have expired when the event loop looks, so it queues both callbacks. The first
  // callback runs `act`, which acts on a timer whose callback is queued already.
  void run_with_the_call_queued(std::function<void()> act) {
    Timer earlier(io_);
    earlier.start(milliseconds(1), std::move(act));
    start(milliseconds(2));
    std::this_thread::sleep_for(milliseconds(5));
    io_.run();
  }

  boost::asio::io_context io_;
  std::optional<Timer> timer_{std::in_place, io_};
  int calls_ = 0;
};

TEST_F(TimerTest, calls_back_once_when_the_time_has_passed) {
  const auto begin = std::chrono::steady_clock::now();
  start(milliseconds(10));
  io_.run();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(10));
  EXPECT_EQ(calls_, 1);
}

TEST_F(TimerTest, does_not_call_back_from_within_start) {
  start(milliseconds(0));
  EXPECT_EQ(calls_, 0);
  io_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(TimerTest, another_start_takes_the_place_of_the_first) {
  timer_->start(milliseconds(0), [this] { calls_ += 10; });
  start(milliseconds(1));
  io_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(TimerTest, may_be_started_anew_after_it_has_expired) {
  start(milliseconds(0));
  io_.run();
  start(milliseconds(0));
  io_.restart();
  io_.run();
  EXPECT_EQ(calls_, 2);
}

TEST_F(TimerTest, cancelled_while_it_waits) {
  start(hours(1));
  timer_->cancel();
  io_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, destroyed_while_it_waits) {
  start(hours(1));
  timer_.reset();
  io_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, cancelled_without_a_start) {
  timer_->cancel();
  io_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, cancelled_when_its_call_is_queued) {
  run_with_the_call_queued([this] { timer_->cancel(); });
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, destroyed_when_its_call_is_queued) {
  run_with_the_call_queued([this] { timer_.reset(); });
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, started_anew_when_its_call_is_queued) {
  run_with_the_call_queued([this] { timer_->start(milliseconds(0), [this] { calls_ += 10; }); });
  EXPECT_EQ(calls_, 10);
}

TEST_F(TimerTest, cancelled_and_started_anew_when_its_call_is_queued) {
  run_with_the_call_queued([this] {
    timer_->cancel();
    timer_->start(milliseconds(0), [this] { calls_ += 10; });
  });
  EXPECT_EQ(calls_, 10);
}

TEST_F(TimerTest, started_anew_within_its_callback) {
  timer_->start(milliseconds(0), [this] {
    ++calls_;
    start(milliseconds(0));
  });
  io_.run();
  EXPECT_EQ(calls_, 2);
}

TEST_F(TimerTest, cancelled_within_its_callback) {
  timer_->start(milliseconds(0), [this] {
    ++calls_;
    timer_->cancel();
  });
  io_.run();
  EXPECT_EQ(calls_, 1);
}

// What the callback has captured must stay alive until the callback returns.
TEST_F(TimerTest, destroyed_within_its_callback) {
  std::string seen;
  timer_->start(milliseconds(0), [this, &seen, text = std::string("longer than it is short")] {
    timer_.reset();
    seen = text;
  });
  io_.run();
  EXPECT_EQ(seen, "longer than it is short");
}

TEST_F(TimerTest, started_anew_and_destroyed_within_its_callback) {
  timer_->start(milliseconds(0), [this] {
    start(milliseconds(0));
    timer_.reset();
  });
  io_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, cancel_lets_go_of_what_the_callback_holds) {
  const auto held = std::make_shared<int>();
  timer_->start(hours(1), [held] {});
  EXPECT_EQ(held.use_count(), 2);
  timer_->cancel();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace pyfault
