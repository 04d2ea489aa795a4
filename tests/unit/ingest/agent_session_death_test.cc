// Agents that die at any moment: what they leave in their slots, and when the session ends.
#include <gmock/gmock.h>
#include <unistd.h>

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
  agent_->ping();
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
  agent_->ping();
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
  process_.die();
  log_.poll();
  EXPECT_THAT(log_.events, IsEmpty());
  agent_->close_pipe();
  wait_for_end();
  EXPECT_FALSE(log_.crash().complete);
}

TEST_F(AgentSessionTest, AProcessThatClosedThePipeIsStillWatched) {
  agent_->close_pipe();
  log_.poll();
  EXPECT_EQ(ends_, 0);
  agent_->publish(process_.pid());
  process_.die();
  log_.run_until_events(1);
  EXPECT_TRUE(log_.crash().complete);
}

TEST_F(AgentSessionTest, EndsWhenAllAreDeadAndThePipeIsClosed) {
  all_agents_die();
  wait_for_end();
  log_.poll();
  EXPECT_EQ(ends_, 1);
}

TEST_F(AgentSessionTest, GoesOnWhileSomebodyHoldsThePipe) {
  process_.die();
  agent_->ping();
  log_.poll();
  EXPECT_EQ(ends_, 0);
}

TEST_F(AgentSessionTest, GoesOnWhileAForkedChildLives) {
  WaitingChild child;
  agent_->tell_of_fork(child.pid());
  all_agents_die();
  log_.poll();
  EXPECT_EQ(ends_, 0);
  child.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, MadeUpChildrenDoNotKeepItAlive) {
  for (const int pid : {0, -1, 1, getpid()}) agent_->tell_of_fork(pid);
  log_.poll();
  all_agents_die();
  wait_for_end();
}

TEST_F(AgentSessionTest, EndsWhenTheProcessHasBecomeAnotherProgram) {
  agent_->close_pipe();
  log_.poll();
  session_->forget(process_.pid());
  EXPECT_EQ(ends_, 1);
}

TEST_F(AgentSessionTest, ClosedItLeavesTheLoopNothingToWaitFor) {
  session_->close();
  log_.io.run();
  EXPECT_EQ(ends_, 0);
}

}  // namespace
}  // namespace pyfault
