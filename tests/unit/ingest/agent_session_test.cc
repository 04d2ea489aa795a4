// What agents tell a session and what the session makes of it. A hostile agent may send anything.
#include "watchdog/ingest/agent_session.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <variant>

#include "shared/handshake.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/ingest/agent_session_fixture.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/os/clock.h"

namespace pyfault {
namespace {

using test::AgentSessionTest;
using test::RecordBuilder;
using test::WaitingChild;
using test::whole_record;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(AgentSessionTest, one_that_has_executed_another_program_is_not_watched) {
  std::vector<int> executed;
  attach(process_.pid(), {.on_exec = [&](int pid) { executed.push_back(pid); }});
  ring_header(agent_->ring())->executing = process_.pid();
  poll();
  poll();
  EXPECT_FALSE(session_->watches(process_.pid()));
  EXPECT_TRUE(session_->processes().empty());
  EXPECT_EQ(executed, std::vector{process_.pid()});
}

TEST_F(AgentSessionTest, one_that_could_not_execute_another_program_is_watched) {
  ring_header(agent_->ring())->executing = process_.pid();
  poll();
  ring_header(agent_->ring())->executing = 0;
  poll();
  EXPECT_TRUE(session_->watches(process_.pid()));
}

TEST_F(AgentSessionTest, who_claims_that_another_executes_a_program_changes_nothing) {
  ring_header(agent_->ring())->executing = process_.pid() + 1;
  poll();
  EXPECT_TRUE(session_->watches(process_.pid()));
}

TEST_F(AgentSessionTest, reports_a_published_record) {
  agent_->publish(process_.pid());
  session_->poll();
  EXPECT_TRUE(log_.crash().complete);
  EXPECT_THAT(log_.crash().id, ::testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(log_.crash().id.size(), 32u);
  EXPECT_EQ(log_.events[0].realtime_ns, test::kRealtimeNs);
  EXPECT_EQ(log_.events[0].process.pid, process_.pid());
  EXPECT_EQ(log_.events[0].process.name, "unit_ingest");
}

TEST_F(AgentSessionTest, releases_the_slot_after_it_has_reported) {
  std::optional<SlotState> while_reporting;
  log_.then = [&] { while_reporting = agent_->state(); };
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(while_reporting, SlotState::kPublished);
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, reports_a_dump_like_a_crash) {
  agent_->publish(process_.pid(), dump());
  session_->drain();
  EXPECT_EQ(log_.crash().kind, CrashKind::kDump);
}

TEST_F(AgentSessionTest, finds_a_record_when_it_drains) {
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AgentSessionTest, reports_a_record_once) {
  agent_->publish(process_.pid());
  session_->drain();
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AgentSessionTest, reports_every_slot) {
  for (std::uint32_t i = 0; i < kSlotCount; ++i) agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(log_.events.size(), kSlotCount);
}

TEST_F(AgentSessionTest, the_source_of_a_process_that_lives_can_be_read) {
  const test::TempDirectory directory;
  const std::string file = directory.path() / "app.py";
  std::ofstream(file) << "crash()\n";
  attach(process_.pid());
  agent_->publish(process_.pid(), whole_record(file));
  session_->drain();
  EXPECT_EQ(log_.sources().at(0).text, "crash()");
}

TEST_F(AgentSessionTest, a_source_file_written_after_the_attach_is_not_trusted) {
  const test::TempDirectory directory;
  const std::string file = directory.path() / "app.py";
  // The file system's clock is coarser than ours: wait until it has moved past the time of the
  // attach.
  const std::int64_t attached = realtime_now_ns();
  struct stat status {};
  do {
    std::ofstream(file) << "crash()\n";
    ASSERT_EQ(stat(file.c_str(), &status), 0);
  } while (status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec <= attached);
  agent_->publish(process_.pid(), whole_record(file));
  session_->drain();
  EXPECT_THAT(log_.sources(), IsEmpty());
}

TEST_F(AgentSessionTest, lost_records_are_counted_once) {
  ring_header(agent_->ring())->dropped_records = 3;
  session_->drain();
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_THAT(log_.message(), HasSubstr(": 3 crash records were lost"));
}

// If the watchdog is killed before the log has the notice, the next one tells of them.
TEST_F(AgentSessionTest, lost_records_are_in_the_ledger_before_the_state_counts_them_as_told) {
  Ledger ledger;
  Receipt receipt;
  std::uint32_t saved = 0;
  SessionSettings settings;
  settings.receipt = [&](auto id, const auto& source, std::uint32_t records) {
    EXPECT_EQ(session_->saved().dropped, 0U);
    return receipt = ledger.take(id, source, records);
  };
  settings.save = [&] { saved = session_->saved().dropped; };
  attach(process_.pid(), settings);
  ring_header(agent_->ring())->dropped_records = 3;
  session_->drain();
  EXPECT_EQ(saved, 3U);
  EXPECT_EQ(log_.events.at(0).receipt, receipt);
}

TEST_F(AgentSessionTest, a_vfork_child_that_died_is_told_of_its_parent) {
  WaitingChild child;
  agent_->lose_child(child.pid(), SIGILL);
  session_->drain();
  EXPECT_THAT(log_.message(), HasSubstr("[" + std::to_string(child.pid()) +
                                        "]: a child of it died of SIGILL on its memory (vfork)"));
  EXPECT_EQ(log_.events[0].process.pid, child.pid());
}

TEST_F(AgentSessionTest, the_parent_of_a_vfork_child_is_translated) {
  attach(kForeignPid);
  agent_->lose_child(kForeignPid, SIGILL);
  session_->drain();
  EXPECT_EQ(log_.events[0].process.pid, process_.pid());
}

TEST_F(AgentSessionTest, a_flood_of_vfork_children_is_counted) {
  constexpr std::size_t kTold = 20;
  for (std::size_t lost = 0; lost < kTold + 7; ++lost) {
    agent_->lose_child(process_.pid(), SIGILL);
    session_->poll();
  }
  session_->drain();
  ASSERT_EQ(log_.events.size(), kTold + 1);
  EXPECT_THAT(log_.message(kTold), HasSubstr(": 7 more died on its memory"));
}

TEST_F(AgentSessionTest, vfork_children_that_died_between_two_looks_are_counted) {
  agent_->lose_child(process_.pid(), SIGILL, 3);
  session_->drain();
  ASSERT_EQ(log_.events.size(), 2U);
  EXPECT_THAT(log_.message(0), HasSubstr(": 2 more died on its memory"));
}

TEST_F(AgentSessionTest, a_vfork_child_of_nobody_is_not_told) {
  agent_->lose_child(-1, SIGILL);
  agent_->lose_child(process_.pid(), 0xffff);
  session_->poll();
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(AgentSessionTest, a_replaced_handler_is_told_once) {
  agent_->replace_handler(SIGSEGV);
  for (int times = 0; times < 3; ++times) session_->poll();
  ASSERT_EQ(log_.events.size(), 1u);
  EXPECT_EQ(std::get<HandlerReplacedEvent>(log_.events[0].body).signal, SIGSEGV);
}

TEST_F(AgentSessionTest, an_agent_may_count_on_it_once_it_has_taken_over) {
  EXPECT_EQ(agent_->stage(), RingStage::kWaiting);
  session_->take_over();
  EXPECT_EQ(agent_->stage(), RingStage::kTaken);
  EXPECT_EQ(agent_->header().ack_timeout_ms, kDefaultAckTimeoutMs);
}

TEST_F(AgentSessionTest, children_for_whom_there_is_no_room_are_counted) {
  agent_->header().unknown_children = 5;
  session_->drain();
  EXPECT_THAT(log_.message(), HasSubstr("5 of them were not watched until they crashed"));
}

TEST_F(AgentSessionTest, an_unreadable_record_is_a_notice_and_the_slot_is_free) {
  agent_->publish(process_.pid(), RecordBuilder().section(0xffff, 9, "garbage"));
  session_->drain();
  EXPECT_EQ(log_.message(),
            "unit_ingest[" + std::to_string(process_.pid()) + "] left a record that can't be read");
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, a_word_that_is_garbage_is_reset) {
  put(~std::uint64_t{0});
  session_->drain();
  EXPECT_EQ(agent_->state(), SlotState::kFree);
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(AgentSessionTest, a_size_that_is_a_lie_is_survived) {
  agent_->publish(process_.pid());
  agent_->slot().committed = ~std::uint32_t{0};
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

}  // namespace
}  // namespace pyfault
