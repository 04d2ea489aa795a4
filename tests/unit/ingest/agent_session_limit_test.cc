// What exceeds the limit on reports is counted and the count is reported, but the crash of the
// program itself must always get through.
#include <gmock/gmock.h>

#include "tests/unit/ingest/agent_session_fixture.h"

namespace pyfault {
namespace {

using test::AgentSessionTest;
using test::fatal_record;
using test::RecordBuilder;
using test::WaitingChild;
using ::testing::HasSubstr;

TEST_F(AgentSessionTest, what_is_above_the_limit_is_counted_and_said) {
  attach_with_limit();
  publish_many(kBurst + 5);
  ASSERT_EQ(log_.events.size(), kBurst + 1);
  EXPECT_THAT(log_.message(kBurst), HasSubstr(": more than 3 records: "));
  session_->drain();
  EXPECT_THAT(log_.message(kBurst + 1), HasSubstr(": 5 records were not reported"));
}

TEST_F(AgentSessionTest, what_is_above_the_limit_is_said_at_the_end) {
  attach_with_limit();
  publish_many(kBurst + 1);
  process_.die();
  wait_for_end();
  EXPECT_THAT(log_.message(kBurst + 1), HasSubstr(": 1 record was not reported"));
}

TEST_F(AgentSessionTest, who_is_over_the_limit_is_acknowledged_all_the_same) {
  attach_with_limit();
  publish_many(kBurst + 1);
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, a_flood_of_dumps_leaves_the_crash_its_room) {
  attach_with_limit();
  publish_many(kBurst + 5, dump());
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(log_.crash(kBurst + 1).kind, CrashKind::kCrash);
}

TEST_F(AgentSessionTest, a_flood_of_garbage_is_limited_too) {
  attach_with_limit();
  publish_many(kBurst + 5, RecordBuilder().section(0xffff, 9, "garbage"));
  EXPECT_EQ(log_.events.size(), kBurst + 1);
}

TEST_F(AgentSessionTest, lost_records_that_are_said_too_often_are_said_later) {
  attach_with_limit();
  lose_seven_after_the_limit();
  poll();
  EXPECT_EQ(log_.events.size(), kBurst);
  process_.die();
  wait_for_end();
  EXPECT_THAT(log_.message(kBurst), HasSubstr(": 7 crash records were lost"));
}

TEST_F(AgentSessionTest, lost_records_that_were_said_too_often_are_said_when_the_program_ends) {
  attach_with_limit();
  lose_seven_after_the_limit();
  session_->drain();
  EXPECT_THAT(log_.message(kBurst), HasSubstr(": 7 crash records were lost"));
}

TEST_F(AgentSessionTest, the_programs_own_death_is_reported_whatever_its_children_did) {
  attach_with_limit();
  publish_many(kBurst + 2);
  publish_many(1, fatal_record());
  EXPECT_TRUE(log_.crash(kBurst + 1).fatal);
}

TEST_F(AgentSessionTest, the_program_dies_once_above_the_limit) {
  attach_with_limit();
  publish_many(kBurst + 5, fatal_record());
  EXPECT_EQ(log_.events.size(), kBurst + 2);  // with one death above the limit and the notice
}

TEST_F(AgentSessionTest, a_childs_death_is_limited) {
  WaitingChild child;
  attach_with_limit();
  publish_many(kBurst + 1);
  agent_->publish(child.pid(), fatal_record());
  poll();
  EXPECT_EQ(log_.events.size(), kBurst + 1);
}

}  // namespace
}  // namespace pyfault
