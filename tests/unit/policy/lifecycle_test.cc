// Checks the rules that hold for every pair of state and event, then walks through the possible
// lives of a worker step by step.
#include "watchdog/policy/lifecycle.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace pyfault {
namespace {

using S = WorkerState;
using E = WorkerEvent;
using A = WorkerAction;

bool has(const WorkerStep& step, A action) {
  return std::ranges::find(step.actions, action) != step.actions.end();
}

bool spawns(const WorkerStep& step) {
  return has(step, A::kSpawn) || has(step, A::kSpawnAgain);
}

// Neither a process nor what one left behind is there.
bool is_ended(S state) {
  return !is_alive(state) && state != S::kDying;
}

bool waits_to_retry(S state) {
  return state == S::kBackoff || state == S::kCrashLoop;
}

using Check = std::function<void(S state, E event, const WorkerStep& step)>;

void for_every_pair(const Check& check) {
  for (std::size_t state = 0; state < kWorkerStates; ++state) {
    for (std::size_t event = 0; event < kWorkerEvents; ++event) {
      const auto from = static_cast<S>(state);
      const auto by = static_cast<E>(event);
      SCOPED_TRACE(std::string(name_of(from)) + " and event " + std::to_string(event));
      check(from, by, next_step(from, by));
    }
  }
}

TEST(Lifecycle, every_state_has_a_name_of_its_own) {
  std::vector<std::string_view> names;
  for (std::size_t state = 0; state < kWorkerStates; ++state) {
    names.push_back(name_of(static_cast<S>(state)));
  }
  EXPECT_THAT(names, testing::Each(testing::Not("")));
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(Lifecycle, a_process_is_started_on_the_way_into_starting_and_nowhere_else) {
  for_every_pair([](S state, E, const WorkerStep& step) {
    EXPECT_EQ(spawns(step), step.state == S::kStarting && state != S::kStarting);
  });
}

TEST(Lifecycle, a_second_process_is_never_started_beside_the_first) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    if (is_alive(state) && event != E::kEnded) {
      EXPECT_FALSE(spawns(step));
    }
  });
}

TEST(Lifecycle, nothing_is_started_beside_what_a_dead_process_left_behind) {
  for_every_pair([](S state, E, const WorkerStep& step) {
    if (state == S::kDying) {
      EXPECT_FALSE(spawns(step));
    }
  });
}

TEST(Lifecycle, only_death_and_end_take_a_process_away) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    if (event != E::kDied && event != E::kEnded) {
      EXPECT_TRUE(!is_alive(state) || is_alive(step.state));
    }
  });
}

TEST(Lifecycle, a_death_that_was_not_asked_for_waits_for_the_policys_verdict) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    const bool was_asked = state == S::kStopping || state == S::kRestarting;
    const bool dies_unasked = is_alive(state) && event == E::kDied && !was_asked;
    EXPECT_EQ(step.state == S::kDying && state != S::kDying, dies_unasked);
  });
}

TEST(Lifecycle, a_death_that_was_asked_for_waits_for_its_end_and_no_verdict) {
  for (const S state : {S::kStopping, S::kRestarting}) {
    EXPECT_EQ(next_step(state, E::kDied).state, state);
    EXPECT_NE(next_step(state, E::kEnded).state, state);
    for (const E verdict : {E::kRetry, E::kRetryInLoop, E::kStayDown, E::kGiveUp}) {
      EXPECT_EQ(next_step(state, verdict).state, state);
    }
  }
}

TEST(Lifecycle, a_stop_begins_once) {
  for_every_pair([](S state, E, const WorkerStep& step) {
    const bool has_process = is_alive(state);
    EXPECT_EQ(has(step, A::kBeginStop),
              has_process && is_being_stopped(step.state) && !is_being_stopped(state));
  });
}

TEST(Lifecycle, every_wait_has_a_limit_and_the_limit_leads_on) {
  for_every_pair([](S state, E, const WorkerStep& step) {
    EXPECT_EQ(has(step, A::kAwaitRetry), waits_to_retry(step.state) && !waits_to_retry(state));
  });
  for (const S state : {S::kStarting, S::kBackoff, S::kCrashLoop}) {
    EXPECT_NE(next_step(state, E::kTimeUp).state, state) << name_of(state);
  }
  for (const S state : {S::kStopping, S::kRestarting, S::kAborting}) {
    EXPECT_TRUE(has(next_step(state, E::kTimeUp), A::kContinueStop)) << name_of(state);
  }
}

TEST(Lifecycle, no_timer_outlives_its_state) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    const bool ends = is_alive(state) && event == E::kDied;
    const bool gives_up_waiting = waits_to_retry(state) && is_down(step.state);
    const bool set_anew = spawns(step);
    if (ends || gives_up_waiting) {
      EXPECT_TRUE(has(step, A::kCancelTimer) || set_anew);
    }
  });
}

TEST(Lifecycle, a_stop_is_obeyed_in_every_state) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    if (event != E::kStop) return;
    EXPECT_EQ(step.state, is_ended(state) ? S::kStopped : S::kStopping);
  });
}

TEST(Lifecycle, a_restart_is_obeyed_in_every_state) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    if (event != E::kRestart) return;
    EXPECT_EQ(step.state, is_ended(state) ? S::kStarting : S::kRestarting);
  });
}

TEST(Lifecycle, an_operators_start_begins_anew_and_a_retry_does_not) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    if (spawns(step)) {
      EXPECT_EQ(has(step, A::kResetPolicy), event != E::kTimeUp) << name_of(state);
    }
  });
}

TEST(Lifecycle, late_news_changes_nothing) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    const bool of_a_process =
        event == E::kReady || event == E::kHealthy || event == E::kDied || event == E::kEnded;
    if (is_alive(state) || !of_a_process) return;
    EXPECT_EQ(step.state, state);
    EXPECT_EQ(step.actions, (WorkerStep{}.actions));
  });
}

TEST(Lifecycle, the_policys_verdict_counts_for_the_dead_alone) {
  for_every_pair([](S state, E event, const WorkerStep& step) {
    if (event < E::kRetry) return;
    EXPECT_EQ(step.state != state, state == S::kDying);
  });
}

S after(S state, const std::vector<E>& events) {
  for (const E event : events) state = next_step(state, event).state;
  return state;
}

TEST(Lifecycle, a_crash_is_retried_until_it_is_up_again) {
  EXPECT_EQ(after(S::kUp, {E::kDied, E::kRetry}), S::kBackoff);
  EXPECT_EQ(after(S::kUp, {E::kDied, E::kRetry, E::kTimeUp, E::kReady}), S::kUp);
}

TEST(Lifecycle, a_crash_loop_is_retried_too) {
  EXPECT_EQ(after(S::kStarting, {E::kDied, E::kRetryInLoop}), S::kCrashLoop);
  EXPECT_EQ(after(S::kCrashLoop, {E::kTimeUp}), S::kStarting);
}

TEST(Lifecycle, one_that_never_gets_ready_is_ended_and_the_policy_decides) {
  EXPECT_EQ(after(S::kStarting, {E::kTimeUp, E::kTimeUp, E::kDied, E::kGiveUp}), S::kFailed);
}

TEST(Lifecycle, a_start_during_a_stop_is_not_forgotten) {
  EXPECT_EQ(after(S::kUp, {E::kStop, E::kStart, E::kDied, E::kEnded}), S::kStarting);
}

TEST(Lifecycle, a_stop_during_a_restart_wins) {
  EXPECT_EQ(after(S::kUp, {E::kRestart, E::kStop, E::kDied, E::kEnded}), S::kStopped);
}

TEST(Lifecycle, an_operator_is_obeyed_while_what_it_left_behind_is_dying) {
  EXPECT_EQ(after(S::kUp, {E::kDied, E::kStart, E::kEnded}), S::kStarting);
  EXPECT_EQ(after(S::kUp, {E::kDied, E::kStop, E::kEnded}), S::kStopped);
}

}  // namespace
}  // namespace pyfault
