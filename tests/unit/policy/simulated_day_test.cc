// A day in the life of a worker that keeps crashing: restart policy, crash deduplication and
// lifecycle together, with a simulated clock.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "watchdog/policy/crash_deduplicator.h"
#include "watchdog/policy/lifecycle.h"
#include "watchdog/policy/restart_policy.h"

namespace pyfault {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class Day : public testing::Test {
 protected:
  // Runs lives of this length until the day is over. If `ready`, each of them becomes ready after
  // one second.
  void lives(milliseconds life, bool ready) {
    state_ = next_step(state_, WorkerEvent::kStart).state;
    while (now_ - midnight_ < 24h) {
      ready_ = ready;
      live(life);
    }
  }

  unsigned lives_ = 0;
  unsigned full_ = 0;
  unsigned loops_begun_ = 0;
  unsigned loops_ended_ = 0;
  milliseconds shortest_wait_{24h};
  milliseconds longest_wait_{0};

 private:
  void live(milliseconds life) {
    ASSERT_EQ(state_, WorkerState::kStarting);
    ++lives_;
    if (ready_) {
      policy_.note_ready();
      state_ = next_step(state_, WorkerEvent::kReady).state;
      if (life > policy_.healthy_after() && policy_.note_healthy()) ++loops_ended_;
    }
    now_ += life;
    die();
    now_ += wait_;
    state_ = next_step(state_, WorkerEvent::kTimeUp).state;
  }

  void die() {
    state_ = next_step(state_, WorkerEvent::kDied).state;
    full_ += repeated_.count("the bug", now_).report_in_full;
    const auto decision = policy_.decide({DeathKind::kCrash, now_, "the bug"}, chance_(random_));
    loops_begun_ += decision.loop_begun.has_value();
    wait_ = decision.delay;
    shortest_wait_ = std::min(shortest_wait_, wait_);
    longest_wait_ = std::max(longest_wait_, wait_);
    state_ =
        next_step(state_, decision.in_crash_loop ? WorkerEvent::kRetryInLoop : WorkerEvent::kRetry)
            .state;
  }

  std::mt19937 random_{1};
  std::uniform_real_distribution<double> chance_{-1, 1};
  const std::chrono::steady_clock::time_point midnight_{};
  std::chrono::steady_clock::time_point now_ = midnight_;
  milliseconds wait_{0};
  bool ready_ = false;
  WorkerState state_ = WorkerState::kStopped;
  RestartPolicy policy_{RestartSettings{}};
  CrashDeduplicator repeated_;
};

TEST_F(Day, one_that_dies_at_once_is_tried_each_minute_and_hardly_logged) {
  lives(50ms, false);
  EXPECT_GE(shortest_wait_, 900ms);
  EXPECT_LE(longest_wait_, 60s);
  EXPECT_NEAR(lives_, 24 * 60, 100);
  EXPECT_EQ(loops_begun_, 1u);
  EXPECT_EQ(full_, 3 + 23u);
}

TEST_F(Day, one_that_dies_after_half_a_minute_is_a_loop_as_well) {
  lives(30s, true);
  EXPECT_NEAR(lives_, 24 * 60 / 1.5, 50);
  EXPECT_EQ(loops_begun_, 1u);
}

TEST_F(Day, one_that_dies_every_hour_is_no_loop_and_waits_a_second) {
  lives(1h, true);
  EXPECT_EQ(lives_, 24u);
  EXPECT_EQ(loops_begun_, 0u);
  EXPECT_LE(longest_wait_, 1100ms);
}

TEST_F(Day, one_that_recovers_and_falls_back_is_a_loop_each_time_it_is_one) {
  lives(100s, true);
  EXPECT_GT(lives_, 500u);
  EXPECT_GE(loops_begun_, 1u);
  EXPECT_LE(loops_begun_, loops_ended_ + 1);
}

}  // namespace
}  // namespace pyfault
