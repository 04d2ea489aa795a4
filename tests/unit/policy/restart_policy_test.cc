#include "watchdog/policy/restart_policy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace pyfault {
namespace {

using namespace std::chrono_literals;
using Action = RestartDecision::Action;
using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(DeathKind, is_told_by_exit_code_and_signal) {
  EXPECT_EQ(death_kind(0, 0), DeathKind::kClean);
  EXPECT_EQ(death_kind(1, 0), DeathKind::kFailure);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) {
    EXPECT_EQ(death_kind(0, signal), DeathKind::kClean) << signal;
  }
  for (const int signal : {SIGSEGV, SIGABRT, SIGKILL, SIGUSR1}) {
    EXPECT_EQ(death_kind(0, signal), DeathKind::kCrash) << signal;
  }
}

class Policy : public testing::Test {
 protected:
  void without_breaker() { settings_.crash_loop = {0, 0ms, 0, CrashLoopAction::kRetry}; }

  // Creates the policy from the current settings at the first call.
  RestartPolicy& policy() {
    if (!policy_) policy_.emplace(settings_);
    return *policy_;
  }

  RestartDecision dies(DeathKind kind = DeathKind::kCrash, const std::string& fingerprint = "") {
    return policy().decide({kind, now_, fingerprint}, 0);
  }

  // The worker lives for a moment, crashes, and waits for the decided delay.
  RestartDecision crashes(const std::string& fingerprint = "") {
    passes(10ms);
    const RestartDecision decision = dies(DeathKind::kCrash, fingerprint);
    passes(decision.delay);
    return decision;
  }

  void is_ready() { policy().note_ready(); }
  void passes(milliseconds time) { now_ += time; }

  std::vector<milliseconds> delays(int count) {
    std::vector<milliseconds> all;
    for (int i = 0; i < count; ++i) all.push_back(crashes().delay);
    return all;
  }

  bool restarts(RestartMode mode, DeathKind kind) {
    settings_.mode = mode;
    policy_.reset();
    return dies(kind).action == Action::kRestart;
  }

  RestartSettings settings_;

 private:
  std::optional<RestartPolicy> policy_;
  std::chrono::steady_clock::time_point now_{};
};

TEST_F(Policy, restarts_after_the_ends_that_its_mode_names) {
  const auto restarted = [&](RestartMode mode) {
    std::string kinds;
    if (restarts(mode, DeathKind::kClean)) kinds += "clean ";
    if (restarts(mode, DeathKind::kFailure)) kinds += "failure ";
    if (restarts(mode, DeathKind::kCrash)) kinds += "crash ";
    return kinds;
  };
  EXPECT_EQ(restarted(RestartMode::kNo), "");
  EXPECT_EQ(restarted(RestartMode::kOnCrash), "crash ");
  EXPECT_EQ(restarted(RestartMode::kOnFailure), "failure crash ");
  EXPECT_EQ(restarted(RestartMode::kAlways), "clean failure crash ");
}

TEST_F(Policy, the_delay_doubles_up_to_a_minute) {
  without_breaker();
  EXPECT_THAT(delays(8), ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s));
}

TEST_F(Policy, a_delay_of_nothing_stays_nothing) {
  without_breaker();
  settings_.backoff.initial = 0ms;
  EXPECT_THAT(delays(3), ElementsAre(0s, 0s, 0s));
}

// Tries initial delays, factors and random numbers over their whole ranges.
TEST_F(Policy, no_delay_is_ever_longer_than_the_longest_or_off_by_more_than_the_jitter) {
  for (const milliseconds initial : {1ms, 1000ms, 60'000ms}) {
    for (const double factor : {1.0, 1.5, 2.0, 1000.0}) {
      for (const double chance : {-1.0, -0.3, 0.0, 0.7, 1.0}) {
        RestartPolicy each(
            {RestartMode::kAlways, {initial, factor, 60'000ms, 0.1}, {0, 0ms, 0, {}}});
        double plain = static_cast<double>(initial.count());
        for (int life = 0; life < 2000; ++life) {
          const auto delay = each.decide({DeathKind::kCrash, {}, ""}, chance).delay;
          EXPECT_LE(delay, 60'000ms);
          EXPECT_NEAR(static_cast<double>(delay.count()), plain, plain * 0.1 + 1);
          plain = std::min(plain * factor, 60'000.0);
        }
      }
    }
  }
}

TEST_F(Policy, the_delay_never_shrinks_while_it_goes_on_failing) {
  without_breaker();
  const auto all = delays(1000);
  EXPECT_TRUE(std::ranges::is_sorted(all));
}

TEST_F(Policy, a_healthy_run_takes_the_delay_back) {
  without_breaker();
  delays(5);
  policy().note_healthy();
  EXPECT_EQ(crashes().delay, 1s);
}

TEST_F(Policy, a_healthy_run_is_twice_the_delay_and_at_least_a_minute) {
  without_breaker();
  EXPECT_EQ(policy().healthy_after(), 60s);
  delays(4);
  EXPECT_EQ(policy().healthy_after(), 60s);
  delays(6);
  EXPECT_EQ(policy().healthy_after(), 120s);
}

TEST_F(Policy, clean_ends_are_slowed_down_too_but_are_no_failures) {
  settings_.mode = RestartMode::kAlways;
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(dies(DeathKind::kClean).in_crash_loop);
  }
  EXPECT_EQ(dies(DeathKind::kClean).delay, 60s);
}

TEST_F(Policy, three_failures_before_it_was_ever_ready_are_a_loop) {
  EXPECT_FALSE(crashes().in_crash_loop);
  EXPECT_FALSE(crashes().in_crash_loop);
  const RestartDecision third = crashes();
  EXPECT_TRUE(third.in_crash_loop);
  ASSERT_TRUE(third.loop_begun);
  EXPECT_EQ(third.loop_begun->failures, 3u);
  EXPECT_FALSE(third.loop_begun->ever_ready);
}

TEST_F(Policy, they_are_a_loop_however_long_each_took_to_fail) {
  for (int i = 0; i < 2; ++i) {
    crashes();
    passes(1h);
  }
  const RestartDecision third = crashes();
  ASSERT_TRUE(third.loop_begun);
  EXPECT_EQ(third.loop_begun->failures, 3u);
}

TEST_F(Policy, the_sixth_failure_within_ten_minutes_is_a_loop) {
  is_ready();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(crashes().in_crash_loop);
  EXPECT_TRUE(crashes().in_crash_loop);
}

TEST_F(Policy, failures_that_are_far_enough_apart_are_none) {
  is_ready();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(dies().in_crash_loop);
    passes(121s);
  }
}

TEST_F(Policy, a_loop_is_retried_at_the_longest_delay_and_told_once) {
  crashes();
  crashes();
  EXPECT_EQ(crashes().delay, 60s);
  for (int i = 0; i < 20; ++i) {
    const RestartDecision decision = crashes();
    EXPECT_EQ(decision.action, Action::kRestart);
    EXPECT_EQ(decision.delay, 60s);
    EXPECT_TRUE(decision.in_crash_loop);
    EXPECT_FALSE(decision.loop_begun);
  }
}

TEST_F(Policy, a_loop_can_be_given_up) {
  settings_.crash_loop.action = CrashLoopAction::kGiveUp;
  crashes();
  crashes();
  const RestartDecision third = crashes();
  EXPECT_EQ(third.action, Action::kGiveUp);
  EXPECT_TRUE(third.loop_begun);
}

TEST_F(Policy, a_healthy_run_ends_a_loop_and_what_led_to_it) {
  for (int i = 0; i < 3; ++i) crashes();
  is_ready();
  EXPECT_TRUE(policy().note_healthy());
  EXPECT_FALSE(policy().in_crash_loop());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(crashes().in_crash_loop);
  EXPECT_TRUE(crashes().loop_begun);
}

TEST_F(Policy, a_limit_of_nothing_is_off) {
  without_breaker();
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(crashes().in_crash_loop);
}

TEST_F(Policy, a_loop_of_one_bug_is_told_from_one_of_several) {
  is_ready();
  for (int i = 0; i < 5; ++i) crashes("aaaa");
  EXPECT_THAT(crashes("aaaa").loop_begun->fingerprints, ElementsAre("aaaa"));
}

TEST_F(Policy, a_loop_of_several_bugs_names_each_once) {
  is_ready();
  for (const char* bug : {"bbbb", "aaaa", "", "aaaa", "bbbb"}) crashes(bug);
  const auto loop = crashes("cccc").loop_begun;
  ASSERT_TRUE(loop);
  EXPECT_THAT(loop->fingerprints, ElementsAre("bbbb", "aaaa", "cccc"));
  EXPECT_EQ(loop->unexplained, 1u);
  EXPECT_EQ(loop->failures, 6u);
  EXPECT_LT(loop->within, 10min);
}

}  // namespace
}  // namespace pyfault
