// What a worker's lifecycle has done to the world, one step at a time, without any process.
#include "watchdog/policy/worker_lifecycle.h"

#include <gmock/gmock.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace pyfault {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using S = WorkerState;
using E = WorkerEvent;

class WorkerLifecycleTest : public testing::Test, protected WorkerEffects {
 protected:
  static RestartSettings on_failure() {
    RestartSettings settings;
    settings.mode = RestartMode::kOnFailure;
    return settings;
  }
  void handle(E event) { lifecycle_.handle(event); }
  void time_passes() { handle(timer_.value()); }
  void ends(DeathKind kind) {
    lifecycle_.on_death();
    lifecycle_.on_end({kind, now_, "the bug"}, 0);
  }
  void is_up() {
    handle(E::kStart);
    handle(E::kReady);
    done_.clear();
  }
  // What was done since the last call.
  std::vector<std::string> done() { return std::exchange(done_, {}); }

  std::optional<E> timer_;
  std::chrono::milliseconds delay_{0};
  bool answers_dumps_ = true;
  bool fails_to_start_ = false;
  bool cannot_report_ = false;
  int changes_ = 0;
  std::chrono::steady_clock::time_point now_{};
  WorkerLifecycle lifecycle_{*this, on_failure(), 30s};

 private:
  void spawn() override {
    done_.emplace_back("spawn");
    if (fails_to_start_) ends(DeathKind::kFailure);
  }
  void ask_to_stop() override { done_.emplace_back("ask to stop"); }
  bool ask_for_dumps() override {
    done_.emplace_back("ask for dumps");
    return answers_dumps_;
  }
  void kill() override { done_.emplace_back("kill"); }
  void set_timer(std::chrono::milliseconds delay, E event) override {
    delay_ = delay;
    timer_ = event;
  }
  void cancel_timer() override { timer_.reset(); }
  void report_ready() override { done_.emplace_back("ready"); }
  void report_recovered() override { done_.emplace_back("recovered"); }
  void report_restart(std::uint64_t restarts) override {
    done_.push_back("restart " + std::to_string(restarts));
  }
  void report_exit(const RestartDecision& next) override {
    if (cannot_report_) throw std::runtime_error("no memory");
    const bool restarts = next.action == RestartDecision::Action::kRestart;
    done_.emplace_back(restarts ? "exit, restarts" : "exit");
  }
  void on_state_change() override { ++changes_; }

  std::vector<std::string> done_;
};

TEST_F(WorkerLifecycleTest, a_crash_is_reported_with_what_follows_and_retried_after_the_delay) {
  is_up();
  ends(DeathKind::kCrash);
  EXPECT_THAT(done(), ElementsAre("exit, restarts"));
  EXPECT_EQ(lifecycle_.state(), S::kBackoff);
  EXPECT_EQ(delay_, 1s);
  time_passes();
  EXPECT_THAT(done(), ElementsAre("restart 1", "spawn"));
}

TEST_F(WorkerLifecycleTest, between_death_and_end_nothing_is_reported_and_no_timer_runs) {
  is_up();
  lifecycle_.on_death();
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_FALSE(timer_);
  EXPECT_EQ(lifecycle_.state(), S::kDying);
}

TEST_F(WorkerLifecycleTest, a_start_while_it_is_dying_follows_its_end_at_once) {
  is_up();
  lifecycle_.on_death();
  handle(E::kStart);
  lifecycle_.on_end({DeathKind::kCrash, now_, ""}, 0);
  EXPECT_THAT(done(), ElementsAre("exit, restarts", "restart 1", "spawn"));
}

TEST_F(WorkerLifecycleTest, a_stop_while_it_is_dying_is_not_undone_by_the_policy) {
  is_up();
  lifecycle_.on_death();
  handle(E::kStop);
  lifecycle_.on_end({DeathKind::kCrash, now_, ""}, 0);
  EXPECT_THAT(done(), ElementsAre("exit"));
  EXPECT_EQ(lifecycle_.state(), S::kStopped);
}

TEST_F(WorkerLifecycleTest, a_stop_asks_then_wants_to_know_what_it_does_then_kills) {
  is_up();
  handle(E::kStop);
  EXPECT_EQ(delay_, 30s);
  time_passes();
  time_passes();
  time_passes();
  EXPECT_THAT(done(), ElementsAre("ask to stop", "ask for dumps", "kill", "kill"));
}

TEST_F(WorkerLifecycleTest, one_that_can_give_no_dump_is_killed_without_a_wait) {
  answers_dumps_ = false;
  is_up();
  handle(E::kStop);
  time_passes();
  EXPECT_THAT(done(), ElementsAre("ask to stop", "ask for dumps", "kill"));
}

TEST_F(WorkerLifecycleTest, once_all_dumps_have_come_it_is_killed) {
  is_up();
  handle(E::kStop);
  time_passes();
  lifecycle_.on_dumps_done();
  EXPECT_THAT(done(), ElementsAre("ask to stop", "ask for dumps", "kill"));
}

TEST_F(WorkerLifecycleTest, dumps_of_one_that_is_not_being_stopped_lead_to_nothing) {
  is_up();
  lifecycle_.on_dumps_done();
  EXPECT_THAT(done(), IsEmpty());
}

TEST_F(WorkerLifecycleTest, a_start_that_fails_at_once_is_an_end_like_any_other) {
  fails_to_start_ = true;
  handle(E::kStart);
  EXPECT_THAT(done(), ElementsAre("spawn", "exit, restarts"));
  EXPECT_EQ(lifecycle_.state(), S::kBackoff);
}

TEST_F(WorkerLifecycleTest, an_end_that_cannot_be_reported_is_not_the_workers_last) {
  is_up();
  cannot_report_ = true;
  EXPECT_THROW(ends(DeathKind::kCrash), std::runtime_error);
  EXPECT_EQ(lifecycle_.state(), S::kBackoff);
  EXPECT_EQ(timer_, E::kTimeUp);
}

TEST_F(WorkerLifecycleTest, tells_of_each_change_of_state_once) {
  is_up();
  changes_ = 0;
  handle(E::kStop);
  handle(E::kStop);
  EXPECT_EQ(changes_, 1);
}

TEST_F(WorkerLifecycleTest, one_that_is_held_waits_for_an_operator_when_its_turn_comes) {
  EXPECT_TRUE(lifecycle_.hold(true));
  EXPECT_FALSE(lifecycle_.hold(true));
  lifecycle_.begin();
  EXPECT_THAT(done(), IsEmpty());
  EXPECT_TRUE(lifecycle_.has_begun());
}

TEST_F(WorkerLifecycleTest, another_watchdog_goes_on_where_this_one_was) {
  is_up();
  ends(DeathKind::kCrash);
  WorkerLifecycle next(*this, on_failure(), 30s, lifecycle_.saved());
  EXPECT_EQ(next.saved(), lifecycle_.saved());
  next.handle(E::kTimeUp);
  EXPECT_EQ(next.restarts(), 1u);
}

TEST_F(WorkerLifecycleTest, a_stop_that_another_watchdog_takes_over_starts_over) {
  is_up();
  handle(E::kStop);
  time_passes();
  done();
  WorkerLifecycle next(*this, on_failure(), 5s, lifecycle_.saved());
  next.resume();
  EXPECT_THAT(done(), ElementsAre("ask to stop"));
  EXPECT_EQ(delay_, 5s);
  EXPECT_EQ(next.state(), S::kStopping);
}

TEST_F(WorkerLifecycleTest, so_does_a_stop_for_another_reason) {
  for (const S state : {S::kRestarting, S::kAborting}) {
    SavedLifecycle saved;
    saved.state = state;
    WorkerLifecycle next(*this, on_failure(), 5s, saved);
    next.resume();
    EXPECT_THAT(done(), ElementsAre("ask to stop"));
    EXPECT_EQ(next.state(), state);
  }
}

TEST_F(WorkerLifecycleTest, a_start_that_is_left_to_another_watchdog_is_its_first) {
  is_up();
  handle(E::kStop);
  ends(DeathKind::kClean);
  lifecycle_.begin_again_later();
  WorkerLifecycle next(*this, on_failure(), 30s, lifecycle_.saved());
  EXPECT_FALSE(next.has_begun());
  next.begin();
  EXPECT_EQ(next.state(), S::kStarting);
}

TEST_F(WorkerLifecycleTest, a_worker_that_is_up_has_been_ready_under_a_new_policy_too) {
  is_up();
  RestartSettings strict = on_failure();
  strict.crash_loop.before_ready = 1;
  lifecycle_.reconfigure(strict, 30s);
  ends(DeathKind::kCrash);
  EXPECT_EQ(lifecycle_.state(), S::kBackoff);
}

TEST_F(WorkerLifecycleTest, a_new_policy_applies_to_the_next_end) {
  is_up();
  RestartSettings never;
  never.mode = RestartMode::kNo;
  lifecycle_.reconfigure(never, 30s);
  ends(DeathKind::kCrash);
  EXPECT_EQ(lifecycle_.state(), S::kExited);
}

}  // namespace
}  // namespace pyfault
