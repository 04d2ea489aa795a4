// What agents tell a session, and what it makes of it; hostile ones tell what they like.
#include "watchdog/ingest/agent_session.h"

#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <variant>

#include "tests/support/temp_directory.h"
#include "tests/unit/ingest/agent_session_fixture.h"
#include "watchdog/ingest/notice.h"

namespace pyfault {
namespace {

using test::AgentSessionTest;
using test::RecordBuilder;
using test::WaitingChild;
using test::whole_record;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(AgentSessionTest, ReportsAPublishedRecord) {
  agent_->publish(process_.pid());
  agent_->ping();
  log_.run_until_events(1);
  EXPECT_TRUE(log_.crash().complete);
  EXPECT_THAT(log_.crash().id, ::testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(log_.crash().id.size(), 32u);
  EXPECT_EQ(log_.events[0].realtime_ns, test::kRealtimeNs);
  EXPECT_EQ(log_.events[0].process.pid, process_.pid());
  EXPECT_EQ(log_.events[0].process.name, "unit_ingest");
}

TEST_F(AgentSessionTest, ReleasesTheSlotAfterItHasReported) {
  std::optional<SlotState> while_reporting;
  on_event_ = [&](const Event&) { while_reporting = agent_->state(); };
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(while_reporting, SlotState::kPublished);
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, ReportsADumpLikeACrash) {
  agent_->publish(process_.pid(), dump());
  session_->drain();
  EXPECT_EQ(log_.crash().kind, CrashKind::kDump);
}

TEST_F(AgentSessionTest, FindsARecordWithoutAToken) {
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AgentSessionTest, ReportsARecordOnce) {
  agent_->publish(process_.pid());
  session_->drain();
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AgentSessionTest, ReportsEverySlot) {
  for (std::uint32_t i = 0; i < kSlotCount; ++i) agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(log_.events.size(), kSlotCount);
}

TEST_F(AgentSessionTest, AddsTheSourceOfAProcessThatLives) {
  const test::TempDirectory directory;
  const std::string file = directory.path() / "app.py";
  std::ofstream(file) << "crash()\n";
  attach(process_.pid());
  agent_->publish(process_.pid(), whole_record(file));
  session_->drain();
  EXPECT_EQ(log_.crash().threads.at(0).frames.at(0).source, "crash()");
}

TEST_F(AgentSessionTest, ASourceFileWrittenAfterTheAttachIsNotTrusted) {
  const test::TempDirectory directory;
  const std::string file = directory.path() / "app.py";
  // The file system's clock is coarser than ours: wait for it to move past the attach.
  const std::int64_t attached = realtime_now_ns();
  struct stat status {};
  do {
    std::ofstream(file) << "crash()\n";
    ASSERT_EQ(stat(file.c_str(), &status), 0);
  } while (status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec <= attached);
  agent_->publish(process_.pid(), whole_record(file));
  session_->drain();
  EXPECT_EQ(log_.crash().threads.at(0).frames.at(0).source, std::nullopt);
}

TEST_F(AgentSessionTest, LostRecordsAreCountedOnce) {
  ring_header(agent_->ring())->dropped_records = 3;
  session_->drain();
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_THAT(log_.message(), HasSubstr(": 3 crash records were lost"));
}

TEST_F(AgentSessionTest, AVforkChildThatDiedIsToldOfItsParent) {
  WaitingChild child;
  agent_->send(TokenKind::kBorrowerDied, child.pid(), SIGILL);
  session_->drain();
  EXPECT_THAT(log_.message(), HasSubstr("[" + std::to_string(child.pid()) +
                                        "]: a child of it died of SIGILL on its memory (vfork)"));
  EXPECT_EQ(log_.events[0].process.pid, child.pid());
}

TEST_F(AgentSessionTest, TheParentOfAVforkChildIsTranslated) {
  attach(kForeignPid);
  agent_->send(TokenKind::kBorrowerDied, kForeignPid, SIGILL);
  session_->drain();
  EXPECT_EQ(log_.events[0].process.pid, process_.pid());
}

TEST_F(AgentSessionTest, AFloodOfVforkChildrenIsCounted) {
  constexpr std::size_t kTold = 20;
  for (std::size_t sent = 0; sent < kTold + 7; ++sent) {
    agent_->send(TokenKind::kBorrowerDied, process_.pid(), SIGILL);
  }
  session_->drain();
  ASSERT_EQ(log_.events.size(), kTold + 1);
  EXPECT_THAT(log_.message(kTold), HasSubstr(": 7 more died on its memory"));
}

TEST_F(AgentSessionTest, AReplacedHandlerIsToldOnce) {
  for (int times = 0; times < 3; ++times) agent_->tell_of_handler(process_.pid());
  session_->drain();
  ASSERT_EQ(log_.events.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<HandlerReplacedEvent>(log_.events[0].body));
}

TEST_F(AgentSessionTest, AReplacedHandlerOfNoSignalIsNotTold) {
  for (const int signal : {0, 65, 0xffff}) {
    agent_->tell_of_handler(process_.pid(), static_cast<std::uint16_t>(signal));
  }
  session_->drain();
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(AgentSessionTest, AReplacedHandlerOfSomebodyElseIsNotTold) {
  agent_->tell_of_handler(getpid());
  session_->drain();
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(AgentSessionTest, AnUnreadableRecordIsANoticeAndTheSlotIsFree) {
  agent_->publish(process_.pid(), RecordBuilder().section(0xffff, 9, "garbage"));
  session_->drain();
  EXPECT_EQ(log_.message(),
            "unit_ingest[" + std::to_string(process_.pid()) + "] left a record that can't be read");
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, AWordThatIsGarbageIsReset) {
  put(~std::uint64_t{0});
  session_->drain();
  EXPECT_EQ(agent_->state(), SlotState::kFree);
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(AgentSessionTest, ASizeThatIsALieIsSurvived) {
  agent_->publish(process_.pid());
  agent_->slot().committed = ~std::uint32_t{0};
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AgentSessionTest, AFloodOfTokensIsReadALittleAtATime) {
  while (agent_->send(TokenKind::kRecord, 1)) continue;
  log_.io.run_one();
  int left = 0;
  ASSERT_EQ(ioctl(agent_->pipe(), FIONREAD, &left), 0);
  EXPECT_GT(left, 32 << 10);
}

TEST_F(AgentSessionTest, HalfATokenIsSurvived) {
  ASSERT_EQ(::write(agent_->pipe(), "abc", 3), 3);
  agent_->publish(process_.pid());
  agent_->ping();
  log_.run_until_events(1);
}

}  // namespace
}  // namespace pyfault
