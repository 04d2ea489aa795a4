#include "watchdog/service/command_result.h"

#include <gmock/gmock.h>

#include <deque>

namespace pyfault {
namespace {

using testing::HasSubstr;

const LastExit kSegfault{0, std::nullopt, "SIGSEGV", "signaled"};
const LastExit kCodeThree{0, 3, "", "exited"};
const LastExit kCodeZero{0, 0, "", "exited"};

// Snapshots refer to these.
WorkerConfig& config() {
  static WorkerConfig config;
  return config;
}
const WorkerHistory& history_with(const LastExit& exit) {
  static std::deque<WorkerHistory> histories;
  return histories.emplace_back(WorkerHistory{exit, {}, {}, {}, {}});
}

WorkerSnapshot after(WorkerState state, const LastExit& exit) {
  WorkerSnapshot now{config(), history_with(exit), state};
  now.pid = 77;
  now.retry_in_seconds = 7.2;
  return now;
}
WorkerSnapshot at(WorkerState state) {
  return after(state, kCodeZero);
}

CommandResult of(WorkerCommand command, const WorkerSnapshot& now) {
  return command_result(command, "web", &now).value_or(CommandResult{"", false, "under way"});
}
bool is_under_way(WorkerCommand command, const WorkerSnapshot& now) {
  return !command_result(command, "web", &now);
}

TEST(CommandResult, one_that_has_just_died_is_still_to_be_restarted_or_not) {
  EXPECT_TRUE(is_under_way(WorkerCommand::kStart, at(WorkerState::kDying)));
}

TEST(CommandResult, a_worker_is_started_once_it_is_up) {
  EXPECT_TRUE(is_under_way(WorkerCommand::kStart, at(WorkerState::kStarting)));
  EXPECT_EQ(of(WorkerCommand::kStart, at(WorkerState::kUp)),
            (CommandResult{"web", true, "is up, PID 77"}));
}

TEST(CommandResult, one_that_died_instead_says_of_what_and_what_comes_next) {
  EXPECT_EQ(of(WorkerCommand::kStart, after(WorkerState::kBackoff, kSegfault)),
            (CommandResult{"web", false, "has failed: SIGSEGV; it is tried again in 8 s"}));
  EXPECT_EQ(of(WorkerCommand::kRestart, after(WorkerState::kFailed, kCodeThree)),
            (CommandResult{"web", false, "has failed and is given up: exit code 3"}));
}

TEST(CommandResult, one_that_did_its_work_has_not_failed) {
  EXPECT_TRUE(of(WorkerCommand::kStart, after(WorkerState::kExited, kCodeZero)).ok);
  EXPECT_FALSE(of(WorkerCommand::kStart, after(WorkerState::kExited, kCodeThree)).ok);
}

TEST(CommandResult, a_stop_in_the_meantime_is_mentioned) {
  EXPECT_TRUE(is_under_way(WorkerCommand::kStart, at(WorkerState::kStopping)));
  EXPECT_THAT(of(WorkerCommand::kStart, at(WorkerState::kStopped)).message, HasSubstr("stopped"));
}

TEST(CommandResult, a_state_before_the_command_took_hold_means_nothing) {
  WorkerSnapshot now = at(WorkerState::kUp);
  now.in_transition = true;
  EXPECT_TRUE(is_under_way(WorkerCommand::kRestart, now));
  EXPECT_TRUE(is_under_way(WorkerCommand::kStop, now));
}

TEST(CommandResult, a_worker_is_stopped_once_it_is_down) {
  EXPECT_TRUE(is_under_way(WorkerCommand::kStop, at(WorkerState::kStopping)));
  EXPECT_EQ(of(WorkerCommand::kStop, at(WorkerState::kStopped)),
            (CommandResult{"web", true, "is stopped"}));
  EXPECT_FALSE(of(WorkerCommand::kStop, at(WorkerState::kUp)).ok);
}

TEST(CommandResult, one_that_is_gone_from_the_configuration_is_stopped_and_not_started) {
  EXPECT_TRUE(command_result(WorkerCommand::kStop, "web", nullptr)->ok);
  EXPECT_FALSE(command_result(WorkerCommand::kStart, "web", nullptr)->ok);
}

}  // namespace
}  // namespace pyfault
