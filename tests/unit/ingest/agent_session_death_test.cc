// Agents that die at any moment: what they leave in their slots, and when the session ends.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "tests/unit/ingest/agent_session_fixture.h"

namespace pyfault {
namespace {

using test::AgentSessionTest;
using test::RecordBuilder;
using test::WaitingChild;
using test::whole_record;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(AgentSessionTest, LeavesTheSlotOfALivingOwnerAlone) {
  agent_->begin(process_.pid(), whole_record());
  session_->look();
  log_.poll();
  EXPECT_THAT(log_.events, IsEmpty());
  EXPECT_EQ(agent_->state(), SlotState::kClaimed);
}

TEST_F(AgentSessionTest, SalvagesTheSlotOfAnOwnerThatDies) {
  agent_->begin(process_.pid(), RecordBuilder().fault().runtime());
  process_.die();
  log_.run_until_events(1);
  EXPECT_FALSE(log_.crash().complete);
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, SalvagesTheSlotOfAnOwnerThatIsLongGone) {
  WaitingChild child;
  agent_->begin(child.pid(), RecordBuilder().fault().runtime());
  child.die();
  session_->drain();
  EXPECT_FALSE(log_.crash().complete);
}

TEST_F(AgentSessionTest, HearsOfTheDeathOfAChildThatItKnowsByItsSlotAlone) {
  WaitingChild child;
  agent_->begin(child.pid(), RecordBuilder().fault().runtime());
  session_->look();
  log_.poll();
  child.die();
  log_.run_until_events(1);
  EXPECT_EQ(log_.events[0].process.pid, child.pid());
}

TEST_F(AgentSessionTest, ASlotClaimedWithoutARecordIsANotice) {
  SlotWriter::claim(agent_->ring(), process_.pid());
  process_.die();
  log_.run_until_events(1);
  EXPECT_THAT(log_.message(), HasSubstr("left a record that can't be read"));
}

TEST_F(AgentSessionTest, AGhostOfTheRecordBeforeIsNotReported) {
  agent_->publish(process_.pid());
  session_->drain();
  put(SlotWord{SlotState::kClaimed, 1, process_.pid()}.pack());
  process_.die();
  log_.run_until_events(2);
  EXPECT_THAT(log_.message(1), HasSubstr("can't be read"));
}

TEST_F(AgentSessionTest, InAnotherNamespaceTheAttachedOwnerIsKnown) {
  attach(kForeignPid);
  agent_->begin(kForeignPid, RecordBuilder().fault().runtime());
  process_.die();
  log_.run_until_events(1);
  EXPECT_EQ(log_.events[0].process.pid, process_.pid());
}

TEST_F(AgentSessionTest, InAnotherNamespaceOtherOwnersAreSalvagedInTheEnd) {
  attach(kForeignPid);
  agent_->begin(kForeignPid + 1, RecordBuilder().fault().runtime());
  session_->look();
  EXPECT_THAT(log_.events, IsEmpty());
  process_.die();
  wait_for_end();
  EXPECT_FALSE(log_.crash().complete);
}

TEST_F(AgentSessionTest, EndsWhenAllAreDead) {
  process_.die();
  wait_for_end();
  log_.poll();
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(agent_->stage(), RingStage::kLeft);
}

TEST_F(AgentSessionTest, GoesOnWhileAForkedChildLives) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->look();
  process_.die();
  log_.poll();
  EXPECT_EQ(ends_, 0);
  child.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, AChildThatHasOnlyJustEnteredItselfIsSeenBeforeTheEnd) {
  WaitingChild child;
  session_->take_over();
  agent_->enter_child(child.pid(), 7);
  process_.die();
  log_.run_until([&] { return session_->watches(child.pid()); });
  EXPECT_EQ(ends_, 0);
  EXPECT_EQ(agent_->stage(), RingStage::kTaken);
  child.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, AChildThatIsDeadHasLeftItsCell) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->look();
  EXPECT_EQ(agent_->header().children[0], child.pid());
  child.die();
  log_.run_until([&] { return agent_->header().children[0] == 0; });
}

TEST_F(AgentSessionTest, MadeUpChildrenDoNotKeepItAlive) {
  std::uint32_t cell = 0;
  for (const int pid : {-1, 1, getpid(), 0x7fffffff}) agent_->enter_child(pid, cell++);
  session_->look();
  process_.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, ACountOfCellsThatIsALieIsSurvived) {
  agent_->header().children_end = 0xffffffff;
  session_->look();
  process_.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, ThousandsOfMadeUpChildrenAreLookedAtALittleAtATime) {
  for (std::uint32_t cell = 0; cell < kMostChildren; ++cell) agent_->enter_child(0x7ffffff0, cell);
  session_->look();
  EXPECT_NE(agent_->header().children[kMostChildren - 1], 0);
  log_.run_until([&] { return agent_->header().children[kMostChildren - 1] == 0; });
}

TEST_F(AgentSessionTest, EndsWhenTheProcessHasBecomeAnotherProgram) {
  session_->forget(process_.pid());
  EXPECT_EQ(ends_, 1);
}

TEST_F(AgentSessionTest, ClosedItLeavesTheLoopNothingToWaitFor) {
  session_->close();
  log_.io.run();
  EXPECT_EQ(ends_, 0);
}

TEST_F(AgentSessionTest, ACrashThatEndsAProcessIsNamedByItsEnd) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  agent_->publish(child.pid(), fatal_record());
  session_->look();
  child.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exit().crash_id, log_.crash().id);
  EXPECT_EQ(log_.exit().signal, SIGKILL);
}

TEST_F(AgentSessionTest, TheLastRecordComesBeforeTheEnd) {
  agent_->begin(process_.pid(), RecordBuilder().fault().runtime());
  process_.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.events.size(), 1U);
}

TEST_F(AgentSessionTest, OneThatWasKilledHasAnEndInTheLog) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->look();
  child.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_TRUE(log_.exit().is_below);
  EXPECT_EQ(log_.exit().reason, "signaled");
  EXPECT_EQ(log_.exit().crash_id, std::nullopt);
  EXPECT_EQ(log_.exits[0].process.pid, child.pid());
  EXPECT_EQ(log_.exits[0].process.ppid, getpid());
}

TEST_F(AgentSessionTest, OneThatHasBecomeAnotherProgramHasNone) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->look();
  agent_->enter_child(0);
  child.die();
  process_.die();
  wait_for_end();
  EXPECT_EQ(log_.exits.size(), 1U);
}

// As the workers of a multiprocessing.Pool are ended.
TEST_F(AgentSessionTest, OneThatWasAskedToEndHasOneOnRequest) {
  for (const bool all : {false, true}) {
    log_.exits.clear();
    attach(process_.pid(), {{}, all});
    WaitingChild child;
    agent_->enter_child(child.pid());
    session_->look();
    kill(child.pid(), SIGTERM);
    log_.run_until([&] { return !session_->watches(child.pid()); });
    EXPECT_EQ(log_.exits.size(), all ? 1U : 0U);
  }
}

// Not reaped.
pid_t killed_child() {
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGKILL);
    _exit(0);
  }
  siginfo_t ended{};
  waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
  return child;
}

TEST_F(AgentSessionTest, OneThatDiedBeforeTheFirstLookHasAnEnd) {
  const pid_t child = killed_child();
  agent_->enter_child(child);
  session_->look();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exit().signal, SIGKILL);
  waitpid(child, nullptr, 0);
}

// The program itself has ended, and nobody runs the loop any more.
TEST_F(AgentSessionTest, WhoIsDeadHasAnEndWhenItDrains) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->look();
  child.die();
  session_->drain();
  EXPECT_EQ(log_.exits.size(), 1U);
}

TEST_F(AgentSessionTest, AChildThatHasMovedToAnotherCellIsStillWatched) {
  WaitingChild child;
  agent_->enter_child(child.pid(), 1);
  session_->look();
  agent_->enter_child(child.pid(), 0);
  agent_->enter_child(0, 1);
  session_->look();
  session_->look();
  EXPECT_TRUE(session_->watches(child.pid()));
}

}  // namespace
}  // namespace pyfault
