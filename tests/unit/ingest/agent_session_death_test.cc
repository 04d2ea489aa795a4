// Agents may die at any moment: what they leave in their slots, and when the session ends.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "tests/unit/ingest/agent_session_fixture.h"

namespace pyfault {
namespace {

using test::AgentSessionTest;
using test::fatal_record;
using test::RecordBuilder;
using test::WaitingChild;
using test::whole_record;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(AgentSessionTest, leaves_the_slot_of_a_living_owner_alone) {
  agent_->begin(process_.pid(), whole_record());
  session_->poll();
  log_.poll();
  EXPECT_THAT(log_.events, IsEmpty());
  EXPECT_EQ(agent_->state(), SlotState::kClaimed);
}

TEST_F(AgentSessionTest, salvages_the_slot_of_an_owner_that_dies) {
  agent_->begin(process_.pid(), RecordBuilder().fault().runtime());
  process_.die();
  log_.run_until_events(1);
  EXPECT_FALSE(log_.crash().complete);
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, salvages_the_slot_of_an_owner_that_is_long_gone) {
  WaitingChild child;
  agent_->begin(child.pid(), RecordBuilder().fault().runtime());
  child.die();
  session_->drain();
  EXPECT_FALSE(log_.crash().complete);
}

TEST_F(AgentSessionTest, hears_of_the_death_of_a_child_that_it_knows_by_its_slot_alone) {
  WaitingChild child;
  agent_->begin(child.pid(), RecordBuilder().fault().runtime());
  session_->poll();
  log_.poll();
  child.die();
  log_.run_until_events(1);
  EXPECT_EQ(log_.events[0].process.pid, child.pid());
}

TEST_F(AgentSessionTest, a_slot_claimed_without_a_record_is_a_notice) {
  SlotWriter::claim(agent_->ring(), process_.pid());
  process_.die();
  log_.run_until_events(1);
  EXPECT_THAT(log_.message(), HasSubstr("left a record that can't be read"));
}

TEST_F(AgentSessionTest, a_ghost_of_the_record_before_is_not_reported) {
  agent_->publish(process_.pid());
  session_->drain();
  put(SlotWord{SlotState::kClaimed, 1, process_.pid()}.pack());
  process_.die();
  log_.run_until_events(2);
  EXPECT_THAT(log_.message(1), HasSubstr("can't be read"));
}

TEST_F(AgentSessionTest, in_another_namespace_the_attached_owner_is_known) {
  attach(kForeignPid);
  agent_->begin(kForeignPid, RecordBuilder().fault().runtime());
  process_.die();
  log_.run_until_events(1);
  EXPECT_EQ(log_.events[0].process.pid, process_.pid());
}

TEST_F(AgentSessionTest, in_another_namespace_other_owners_are_salvaged_in_the_end) {
  attach(kForeignPid);
  agent_->begin(kForeignPid + 1, RecordBuilder().fault().runtime());
  session_->poll();
  EXPECT_THAT(log_.events, IsEmpty());
  process_.die();
  wait_for_end();
  EXPECT_FALSE(log_.crash().complete);
}

TEST_F(AgentSessionTest, ends_when_all_are_dead) {
  process_.die();
  wait_for_end();
  log_.poll();
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(agent_->stage(), RingStage::kLeft);
}

TEST_F(AgentSessionTest, goes_on_while_a_forked_child_lives) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->poll();
  process_.die();
  log_.poll();
  EXPECT_EQ(ends_, 0);
  child.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, a_child_that_has_only_just_entered_itself_is_seen_before_the_end) {
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

TEST_F(AgentSessionTest, a_child_that_is_dead_has_left_its_cell) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->poll();
  EXPECT_EQ(agent_->header().children[0], child.pid());
  child.die();
  log_.run_until([&] { return agent_->header().children[0] == 0; });
}

TEST_F(AgentSessionTest, made_up_children_do_not_keep_it_alive) {
  std::uint32_t cell = 0;
  for (const int pid : {-1, 1, getpid(), 0x7fffffff}) agent_->enter_child(pid, cell++);
  session_->poll();
  process_.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, a_count_of_cells_that_is_a_lie_is_survived) {
  agent_->header().children_end = 0xffffffff;
  session_->poll();
  process_.die();
  wait_for_end();
}

TEST_F(AgentSessionTest, thousands_of_made_up_children_are_looked_at_a_little_at_a_time) {
  for (std::uint32_t cell = 0; cell < kMaxChildren; ++cell) agent_->enter_child(0x7ffffff0, cell);
  session_->poll();
  EXPECT_NE(agent_->header().children[kMaxChildren - 1], 0);
  log_.run_until([&] { return agent_->header().children[kMaxChildren - 1] == 0; });
}

TEST_F(AgentSessionTest, ends_when_the_process_has_become_another_program) {
  session_->forget(process_.pid());
  EXPECT_EQ(ends_, 1);
}

TEST_F(AgentSessionTest, closed_it_leaves_the_loop_nothing_to_wait_for) {
  session_->close();
  log_.io.run();
  EXPECT_EQ(ends_, 0);
}

TEST_F(AgentSessionTest, a_crash_that_ends_a_process_is_named_by_its_end) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  agent_->publish(child.pid(), fatal_record());
  session_->poll();
  child.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exit().crash_id, log_.crash().id);
  EXPECT_EQ(log_.exit().signal, SIGKILL);
}

TEST_F(AgentSessionTest, the_last_record_comes_before_the_end) {
  agent_->begin(process_.pid(), RecordBuilder().fault().runtime());
  process_.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.events.size(), 1U);
}

TEST_F(AgentSessionTest, one_that_was_killed_has_an_end_in_the_log) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->poll();
  child.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_TRUE(log_.exit().is_below);
  EXPECT_EQ(log_.exit().reason, ExitReason::kSignaled);
  EXPECT_EQ(log_.exit().crash_id, std::nullopt);
  EXPECT_EQ(log_.exits[0].process.pid, child.pid());
  EXPECT_EQ(log_.exits[0].process.ppid, getpid());
}

TEST_F(AgentSessionTest, one_that_has_become_another_program_has_none) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->poll();
  agent_->enter_child(0);
  child.die();
  process_.die();
  wait_for_end();
  EXPECT_EQ(log_.exits.size(), 1U);
}

// multiprocessing.Pool ends its workers with SIGTERM, so such a death is reported only on request.
TEST_F(AgentSessionTest, one_that_was_asked_to_end_has_one_on_request) {
  for (const bool all : {false, true}) {
    log_.exits.clear();
    attach(process_.pid(), {{}, all});
    WaitingChild child;
    agent_->enter_child(child.pid());
    session_->poll();
    kill(child.pid(), SIGTERM);
    log_.run_until([&] { return !session_->watches(child.pid()); });
    EXPECT_EQ(log_.exits.size(), all ? 1U : 0U);
  }
}

// Returns a child that was killed and has not been reaped.
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

TEST_F(AgentSessionTest, one_that_died_before_the_first_look_has_an_end) {
  const pid_t child = killed_child();
  agent_->enter_child(child);
  session_->poll();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exit().signal, SIGKILL);
  waitpid(child, nullptr, 0);
}

// Its parent collected it while this watchdog was stopped, for example.
TEST_F(AgentSessionTest, a_crash_of_a_forked_child_that_is_gone_before_it_was_seen_has_an_end) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  agent_->publish(child.pid(), fatal_record());
  child.die();
  log_.then = [&] { EXPECT_EQ(log_.events.size(), 1U); };
  session_->poll();
  ASSERT_EQ(log_.exits.size(), 1U);
  EXPECT_EQ(log_.exits[0].process.pid, child.pid());
  EXPECT_EQ(log_.exit().reason, ExitReason::kUnknown);
  EXPECT_EQ(log_.exit().uptime_seconds, std::nullopt);
}

TEST_F(AgentSessionTest, a_forked_child_that_is_gone_has_one_end_whatever_it_recorded) {
  attach(process_.pid(), {.all_exits = true});
  WaitingChild child;
  agent_->publish(child.pid());
  agent_->publish(child.pid(), dump());
  agent_->publish(child.pid(), fatal_record());
  child.die();
  session_->drain();
  EXPECT_EQ(log_.events.size(), 3U);
  EXPECT_EQ(log_.exits.size(), 1U);
}

TEST_F(AgentSessionTest, a_forked_child_that_recorded_and_went_on_ended_unseen) {
  attach(process_.pid(), {.all_exits = true});
  WaitingChild child;
  agent_->publish(child.pid());
  child.die();
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1U);
  EXPECT_THAT(log_.exits, IsEmpty());
}

TEST_F(AgentSessionTest, a_forged_crash_of_a_living_process_reports_no_end) {
  for (const int pid : {1, getpid(), process_.pid()}) agent_->publish(pid, fatal_record());
  session_->drain();
  EXPECT_EQ(log_.events.size(), 3U);
  EXPECT_THAT(log_.exits, IsEmpty());
}

// The program itself has ended, so the event loop does not run any more.
TEST_F(AgentSessionTest, who_is_dead_has_an_end_when_it_drains) {
  WaitingChild child;
  agent_->enter_child(child.pid());
  session_->poll();
  child.die();
  session_->drain();
  EXPECT_EQ(log_.exits.size(), 1U);
}

TEST_F(AgentSessionTest, a_child_that_has_moved_to_another_cell_is_still_watched) {
  WaitingChild child;
  agent_->enter_child(child.pid(), 1);
  session_->poll();
  agent_->enter_child(child.pid(), 0);
  agent_->enter_child(0, 1);
  session_->poll();
  session_->poll();
  EXPECT_TRUE(session_->watches(child.pid()));
}

}  // namespace
}  // namespace pyfault
