// Crashes whose process is looked at before it gets its ack.
#include <gmock/gmock.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "tests/support/temp_directory.h"
#include "tests/unit/ingest/agent_session_fixture.h"
#include "watchdog/minidump/minidump_store.h"

namespace pyfault {
namespace {

using test::AgentSessionTest;
using test::dump_request;
using test::RecordBuilder;
using test::segfault;
using test::whole_record;
using ::testing::HasSubstr;

TEST_F(AgentSessionTest, a_process_gets_its_ack_when_it_has_been_looked_at) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  EXPECT_EQ(agent_->state(), SlotState::kPublished);
  EXPECT_TRUE(log_.events.empty());
  log_.run_until_events(1);
  EXPECT_EQ(agent_->state(), SlotState::kFree);
  EXPECT_TRUE(log_.events[0].read_stacks);
}

TEST_F(AgentSessionTest, a_record_that_is_being_looked_at_is_not_taken_again) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  session_->poll();
  log_.run_until_events(1);
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1U);
}

TEST_F(AgentSessionTest, a_process_that_dumps_is_looked_at_too) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack(dump_request()));
  session_->poll();
  log_.run_until_events(1);
  EXPECT_TRUE(log_.events[0].read_stacks);
}

TEST_F(AgentSessionTest, a_thread_whose_stack_cannot_be_read_says_why) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack(segfault(), {{.tid = getpid()}}));
  session_->poll();
  log_.run_until_events(1);
  const Thread& other = log_.crash().threads.at(1);
  EXPECT_FALSE(other.native->complete);
  EXPECT_THAT(other.native->incomplete_reason, HasSubstr("not known which"));
  EXPECT_TRUE(other.stack.empty());
}

TEST_F(AgentSessionTest, of_more_threads_than_are_read_the_last_say_so) {
  attach_with_looks();
  std::vector<test::ThreadSpec> others(kMaxOtherStacks + 1, {.tid = getpid()});
  agent_->publish(process_.pid(), record_with_stack(segfault(), others));
  session_->poll();
  log_.run_until_events(1);
  const auto& threads = log_.crash().threads;
  EXPECT_THAT(threads.at(kMaxOtherStacks).native->incomplete_reason, HasSubstr("not known which"));
  EXPECT_THAT(threads.at(kMaxOtherStacks + 1).native->incomplete_reason, HasSubstr("more than 64"));
}

TEST_F(AgentSessionTest, the_stack_of_a_thread_that_is_not_in_the_record_is_nobodys) {
  attach_with_looks();
  FaultSection fault = segfault();
  fault.registers[0] = 1;
  agent_->publish(process_.pid(),
                  RecordBuilder().fault(fault).runtime().stack(0x1000, {1}).thread({}, {}).end());
  session_->poll();
  EXPECT_FALSE(log_.crash().threads.at(0).native);
}

TEST_F(AgentSessionTest, a_crash_without_a_native_stack_is_reported_at_once) {
  attach_with_looks();
  agent_->publish(process_.pid(), whole_record());
  session_->poll();
  EXPECT_FALSE(log_.crash().threads.at(0).native);
}

TEST_F(AgentSessionTest, a_native_stack_that_nobody_wants_is_ignored) {
  attach_with_looks(NativeMode::kOff);
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  EXPECT_EQ(log_.events.size(), 1U);
}

TEST_F(AgentSessionTest, agents_are_told_whether_native_stacks_are_wanted) {
  attach_with_looks(NativeMode::kOff);
  session_->take_over();
  EXPECT_EQ(agent_->header().native_off, 1U);
  attach_with_looks();
  session_->take_over();
  EXPECT_EQ(agent_->header().native_off, 0U);
}

TEST_F(AgentSessionTest, a_process_that_dies_while_it_is_looked_at_is_reported_before_its_end) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  log_.then = [this] { EXPECT_TRUE(log_.exits.empty() || log_.events.size() == 1); };
  process_.die();
  wait_for_end();
  EXPECT_EQ(log_.events.size(), 1U);
  EXPECT_FALSE(native().complete);
}

TEST_F(AgentSessionTest, a_drain_does_not_wait_for_a_look) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  session_->drain();
  EXPECT_THAT(native().incomplete_reason, HasSubstr("could not be read in time"));
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, a_session_that_is_closed_leaves_the_record_to_the_next_watchdog) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  session_->close();
  log_.poll();
  EXPECT_EQ(agent_->state(), SlotState::kPublished);
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(AgentSessionTest, a_session_may_end_before_a_look_does) {
  attach_with_looks();
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  session_.reset();
  looks_.reset();
  log_.poll();
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(AgentSessionTest, in_a_storm_of_crashes_only_the_first_are_looked_at) {
  attach_with_looks();
  const auto stacks = std::make_shared<const RecordedStacks>();
  std::size_t done = 0;
  const auto begin = [&] { return looks_->begin(process_.pid(), stacks, [&](auto) { ++done; }); };
  for (std::size_t count = 0; count < CrashLooks::kMaxUnderWay; ++count) EXPECT_TRUE(begin());
  EXPECT_FALSE(begin());
  log_.run_until([&] { return done == CrashLooks::kMaxUnderWay; });
  EXPECT_TRUE(begin());
}

TEST_F(AgentSessionTest, minidumps_are_written_where_they_are_wanted_by_then) {
  const test::TempDirectory directory;
  const auto place = std::make_shared<std::string>();
  attach_with_looks(NativeMode::kOn, place);
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  log_.run_until_events(1);
  EXPECT_FALSE(log_.events[0].write_minidump);
  *place = directory.path() / "minidumps";
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  log_.run_until_events(2);
  const auto& crash = std::get<Crash>(log_.events[1].body);
  ASSERT_TRUE(log_.events[1].write_minidump);
  EXPECT_EQ(log_.events[1].write_minidump(crash, {}).path,
            *place + '/' + minidump_name(crash.realtime_ns, process_.pid(), crash.id));
}

TEST_F(AgentSessionTest, of_an_abridged_crash_no_minidump_is_written) {
  attach_with_looks(NativeMode::kOn, std::make_shared<std::string>("/nowhere/minidumps"));
  agent_->publish(process_.pid(), record_with_stack());
  session_->poll();
  log_.run_until_events(1);
  auto crash = std::get<Crash>(log_.events[0].body);
  EXPECT_THAT(log_.events[0].write_minidump(crash, {}).trouble, HasSubstr("No such file"));
  crash.threads.clear();
  EXPECT_EQ(log_.events[0].write_minidump(crash, {}).trouble, "");
}

TEST_F(AgentSessionTest, a_process_that_has_died_cannot_be_looked_at) {
  attach_with_looks();
  agent_->begin(process_.pid(), record_with_stack());
  process_.die();
  wait_for_end();
  EXPECT_THAT(native().incomplete_reason, HasSubstr("the process died before"));
}

TEST_F(AgentSessionTest, the_stack_is_wiped_from_the_ring) {
  attach_with_looks();
  const auto record = record_with_stack();
  agent_->publish(process_.pid(), record);
  session_->poll();
  log_.run_until_events(1);
  const auto secret = kSecret;
  EXPECT_EQ(memmem(slot_payload(&agent_->slot()), record.size(), &secret, sizeof secret), nullptr);
}

}  // namespace
}  // namespace pyfault
