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

TEST(OrderVerdict, AWorkerIsStartedOnceItIsUp) {
  EXPECT_EQ(verdict(Order::kStart, "web", at(WorkerState::kStarting)), std::nullopt);
  EXPECT_EQ(of(Order::kStart, at(WorkerState::kUp)), (Outcome{"web", true, "is up, PID 77"}));
}

TEST(OrderVerdict, OneThatDiedInsteadSaysOfWhatAndWhatComesNext) {
  EXPECT_EQ(of(Order::kStart, after(WorkerState::kBackoff, kSegfault)),
            (Outcome{"web", false, "has failed: SIGSEGV; it is tried again in 8 s"}));
  EXPECT_EQ(of(Order::kRestart, after(WorkerState::kFailed, kCodeThree)),
            (Outcome{"web", false, "has failed and is given up: exit code 3"}));
}

TEST(OrderVerdict, OneThatDidItsWorkHasNotFailed) {
  EXPECT_TRUE(of(Order::kStart, after(WorkerState::kExited, kCodeZero)).ok);
  EXPECT_FALSE(of(Order::kStart, after(WorkerState::kExited, kCodeThree)).ok);
}

TEST(OrderVerdict, WhoeverStopsItMeanwhileIsMentioned) {
  EXPECT_EQ(verdict(Order::kStart, "web", at(WorkerState::kStopping)), std::nullopt);
  EXPECT_THAT(of(Order::kStart, at(WorkerState::kStopped)).message, HasSubstr("stopped"));
}

TEST(OrderVerdict, AStateBeforeTheOrderTookHoldMeansNothing) {
  WorkerStanding standing = at(WorkerState::kUp);
  standing.in_transition = true;
  EXPECT_EQ(verdict(Order::kRestart, "web", standing), std::nullopt);
  EXPECT_EQ(verdict(Order::kStop, "web", standing), std::nullopt);
}

TEST(OrderVerdict, AWorkerIsStoppedOnceItIsDown) {
  EXPECT_EQ(verdict(Order::kStop, "web", at(WorkerState::kStopping)), std::nullopt);
  EXPECT_EQ(of(Order::kStop, at(WorkerState::kStopped)), (Outcome{"web", true, "is stopped"}));
  EXPECT_FALSE(of(Order::kStop, at(WorkerState::kUp)).ok);
}

TEST(OrderVerdict, OneThatIsGoneFromTheConfigurationIsStoppedAndNotStarted) {
  EXPECT_TRUE(verdict(Order::kStop, "web", std::nullopt)->ok);
  EXPECT_FALSE(verdict(Order::kStart, "web", std::nullopt)->ok);
}

}  // namespace
}  // namespace pyfault
