#include "watchdog/service/command_result.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

using testing::HasSubstr;

const LastExit kSegfault{0, std::nullopt, "SIGSEGV", "signaled"};
const LastExit kCodeThree{0, 3, "", "exited"};
const LastExit kCodeZero{0, 0, "", "exited"};

WorkerSnapshot at(WorkerState state) {
  WorkerSnapshot standing;
  standing.state = state;
  standing.pid = 77;
  return standing;
}

WorkerSnapshot after(WorkerState state, const LastExit& exit) {
  WorkerSnapshot standing = at(state);
  standing.last_exit = exit;
  standing.retry_in_seconds = 7.2;
  return standing;
}

CommandResult of(WorkerCommand command, const WorkerSnapshot& now) {
  return command_result(command, "web", now).value_or(CommandResult{"", false, "under way"});
}

TEST(CommandResult, one_that_is_up_without_a_process_has_just_died) {
  WorkerSnapshot standing = at(WorkerState::kUp);
  standing.pid = 0;
  EXPECT_EQ(command_result(WorkerCommand::kStart, "web", standing), std::nullopt);
}

TEST(CommandResult, a_worker_is_started_once_it_is_up) {
  EXPECT_EQ(command_result(WorkerCommand::kStart, "web", at(WorkerState::kStarting)), std::nullopt);
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

TEST(CommandResult, whoever_stops_it_meanwhile_is_mentioned) {
  EXPECT_EQ(command_result(WorkerCommand::kStart, "web", at(WorkerState::kStopping)), std::nullopt);
  EXPECT_THAT(of(WorkerCommand::kStart, at(WorkerState::kStopped)).message, HasSubstr("stopped"));
}

TEST(CommandResult, a_state_before_the_command_took_hold_means_nothing) {
  WorkerSnapshot standing = at(WorkerState::kUp);
  standing.in_transition = true;
  EXPECT_EQ(command_result(WorkerCommand::kRestart, "web", standing), std::nullopt);
  EXPECT_EQ(command_result(WorkerCommand::kStop, "web", standing), std::nullopt);
}

TEST(CommandResult, a_worker_is_stopped_once_it_is_down) {
  EXPECT_EQ(command_result(WorkerCommand::kStop, "web", at(WorkerState::kStopping)), std::nullopt);
  EXPECT_EQ(of(WorkerCommand::kStop, at(WorkerState::kStopped)),
            (CommandResult{"web", true, "is stopped"}));
  EXPECT_FALSE(of(WorkerCommand::kStop, at(WorkerState::kUp)).ok);
}

TEST(CommandResult, one_that_is_gone_from_the_configuration_is_stopped_and_not_started) {
  EXPECT_TRUE(command_result(WorkerCommand::kStop, "web", std::nullopt)->ok);
  EXPECT_FALSE(command_result(WorkerCommand::kStart, "web", std::nullopt)->ok);
}

}  // namespace
}  // namespace pyfault
