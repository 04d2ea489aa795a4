#include "watchdog/service/order_verdict.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

using testing::HasSubstr;

const LastExit kSegfault{0, std::nullopt, "SIGSEGV", "signaled"};
const LastExit kCodeThree{0, 3, "", "exited"};
const LastExit kCodeZero{0, 0, "", "exited"};

WorkerStanding at(WorkerState state) {
  WorkerStanding standing;
  standing.state = state;
  standing.pid = 77;
  return standing;
}

WorkerStanding after(WorkerState state, const LastExit& exit) {
  WorkerStanding standing = at(state);
  standing.last_exit = exit;
  standing.retry_in_seconds = 7.2;
  return standing;
}

Outcome of(Order order, const WorkerStanding& now) {
  return verdict(order, "web", now).value_or(Outcome{"", false, "under way"});
}

TEST(OrderVerdict, one_that_is_up_without_a_process_has_just_died) {
  WorkerStanding standing = at(WorkerState::kUp);
  standing.pid = 0;
  EXPECT_EQ(verdict(Order::kStart, "web", standing), std::nullopt);
}

TEST(OrderVerdict, a_worker_is_started_once_it_is_up) {
  EXPECT_EQ(verdict(Order::kStart, "web", at(WorkerState::kStarting)), std::nullopt);
  EXPECT_EQ(of(Order::kStart, at(WorkerState::kUp)), (Outcome{"web", true, "is up, PID 77"}));
}

TEST(OrderVerdict, one_that_died_instead_says_of_what_and_what_comes_next) {
  EXPECT_EQ(of(Order::kStart, after(WorkerState::kBackoff, kSegfault)),
            (Outcome{"web", false, "has failed: SIGSEGV; it is tried again in 8 s"}));
  EXPECT_EQ(of(Order::kRestart, after(WorkerState::kFailed, kCodeThree)),
            (Outcome{"web", false, "has failed and is given up: exit code 3"}));
}

TEST(OrderVerdict, one_that_did_its_work_has_not_failed) {
  EXPECT_TRUE(of(Order::kStart, after(WorkerState::kExited, kCodeZero)).ok);
  EXPECT_FALSE(of(Order::kStart, after(WorkerState::kExited, kCodeThree)).ok);
}

TEST(OrderVerdict, whoever_stops_it_meanwhile_is_mentioned) {
  EXPECT_EQ(verdict(Order::kStart, "web", at(WorkerState::kStopping)), std::nullopt);
  EXPECT_THAT(of(Order::kStart, at(WorkerState::kStopped)).message, HasSubstr("stopped"));
}

TEST(OrderVerdict, a_state_before_the_order_took_hold_means_nothing) {
  WorkerStanding standing = at(WorkerState::kUp);
  standing.in_transition = true;
  EXPECT_EQ(verdict(Order::kRestart, "web", standing), std::nullopt);
  EXPECT_EQ(verdict(Order::kStop, "web", standing), std::nullopt);
}

TEST(OrderVerdict, a_worker_is_stopped_once_it_is_down) {
  EXPECT_EQ(verdict(Order::kStop, "web", at(WorkerState::kStopping)), std::nullopt);
  EXPECT_EQ(of(Order::kStop, at(WorkerState::kStopped)), (Outcome{"web", true, "is stopped"}));
  EXPECT_FALSE(of(Order::kStop, at(WorkerState::kUp)).ok);
}

TEST(OrderVerdict, one_that_is_gone_from_the_configuration_is_stopped_and_not_started) {
  EXPECT_TRUE(verdict(Order::kStop, "web", std::nullopt)->ok);
  EXPECT_FALSE(verdict(Order::kStart, "web", std::nullopt)->ok);
}

}  // namespace
}  // namespace pyfault
