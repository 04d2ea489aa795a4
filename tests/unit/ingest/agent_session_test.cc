// A session against agents that die at any moment, and against hostile ones.
#include "watchdog/ingest/agent_session.h"

#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <fstream>
#include <functional>
#include <optional>

#include "tests/support/agent_side.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/notice.h"

namespace pyfault {
namespace {

using test::AgentSide;
using test::RecordBuilder;
using test::WaitingChild;
using test::whole_record;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kForeignPid = 5;
constexpr std::uint64_t kBurst = 3;

class AgentSessionTest : public ::testing::Test {
 protected:
  void SetUp() override { attach(process_.pid()); }

  void attach(int own_pid, const RecordAllowance& allowance = {}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const RingFile file;
    Attachment attachment{{own_pid, geteuid(), *read_process(process_.pid())},
                          RingMemory(file),
                          UniqueFd(ends[0]),
                          realtime_now_ns()};
    agent_.emplace(file.descriptor(), UniqueFd(ends[1]));
    session_.emplace(
        log_.io, std::move(attachment), [this](Event event) { on_event_(std::move(event)); },
        [this] { ++ends_; }, allowance);
  }
  void wait_for_end() {
    log_.run_until([this] { return ends_ > 0; });
  }
  void all_agents_die() {
    process_.die();
    agent_->close_pipe();
  }
  static RecordBuilder dump() {
    return RecordBuilder().fault(test::dump_request()).runtime().end();
  }
  static RecordBuilder fatal_record() {
    RuntimeSection runtime{};
    runtime.fatal = Known::kYes;
    return RecordBuilder().fault().runtime(runtime).end();
  }
  void look_around() {
    agent_->ping();
    log_.poll();
  }
  void attach_with_limit() { attach(process_.pid(), {kBurst, std::chrono::hours(1), 1}); }
  void publish_many(std::uint64_t count, const RecordBuilder& record = whole_record()) {
    while (count-- > 0) {
      agent_->publish(process_.pid(), record);
      look_around();
    }
  }
  // As many notices as may be said, and then some more to say.
  void lose_seven_after_the_limit() {
    auto& dropped = ring_header(agent_->ring())->dropped_records;
    while (log_.events.size() < kBurst) {
      ++dropped;
      look_around();
    }
    dropped += 7;
  }
  void put(std::uint64_t word) { agent_->slot().state = word; }

  test::EventLog log_;
  std::function<void(Event)> on_event_ = log_.handler();
  WaitingChild process_;
  std::optional<AgentSide> agent_;
  std::optional<AgentSession> session_;
  int ends_ = 0;
};

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

TEST_F(AgentSessionTest, WhatIsAboveTheLimitIsCountedAndSaid) {
  attach_with_limit();
  publish_many(kBurst + 5);
  ASSERT_EQ(log_.events.size(), kBurst + 1);
  EXPECT_THAT(log_.message(kBurst), HasSubstr(": more than 3 records: "));
  session_->drain();
  EXPECT_THAT(log_.message(kBurst + 1), HasSubstr(": 5 records were not reported"));
}

TEST_F(AgentSessionTest, WhatIsAboveTheLimitIsSaidAtTheEnd) {
  attach_with_limit();
  publish_many(kBurst + 1);
  all_agents_die();
  wait_for_end();
  EXPECT_THAT(log_.message(kBurst + 1), HasSubstr(": 1 record was not reported"));
}

TEST_F(AgentSessionTest, WhoIsOverTheLimitIsAcknowledgedAllTheSame) {
  attach_with_limit();
  publish_many(kBurst + 1);
  EXPECT_EQ(agent_->state(), SlotState::kFree);
}

TEST_F(AgentSessionTest, AFloodOfDumpsLeavesTheCrashItsRoom) {
  attach_with_limit();
  publish_many(kBurst + 5, dump());
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(log_.crash(kBurst + 1).kind, CrashKind::kCrash);
}

TEST_F(AgentSessionTest, AFloodOfGarbageIsLimitedToo) {
  attach_with_limit();
  publish_many(kBurst + 5, RecordBuilder().section(0xffff, 9, "garbage"));
  EXPECT_EQ(log_.events.size(), kBurst + 1);
}

TEST_F(AgentSessionTest, LostRecordsThatAreSaidTooOftenAreSaidLater) {
  attach_with_limit();
  lose_seven_after_the_limit();
  look_around();
  EXPECT_EQ(log_.events.size(), kBurst);
  all_agents_die();
  wait_for_end();
  EXPECT_THAT(log_.message(kBurst), HasSubstr(": 7 crash records were lost"));
}

TEST_F(AgentSessionTest, LostRecordsThatWereSaidTooOftenAreSaidWhenTheProgramEnds) {
  attach_with_limit();
  lose_seven_after_the_limit();
  session_->drain();
  EXPECT_THAT(log_.message(kBurst), HasSubstr(": 7 crash records were lost"));
}

TEST_F(AgentSessionTest, TheProgramsOwnDeathIsReportedWhateverItsChildrenDid) {
  attach_with_limit();
  publish_many(kBurst + 2);
  publish_many(1, fatal_record());
  EXPECT_TRUE(log_.crash(kBurst + 1).fatal);
}

TEST_F(AgentSessionTest, TheProgramDiesOnceAboveTheLimit) {
  attach_with_limit();
  publish_many(kBurst + 5, fatal_record());
  EXPECT_EQ(log_.events.size(), kBurst + 2);  // with the notice
}

TEST_F(AgentSessionTest, AChildsDeathIsLimited) {
  WaitingChild child;
  attach_with_limit();
  publish_many(kBurst + 1);
  agent_->publish(child.pid(), fatal_record());
  look_around();
  EXPECT_EQ(log_.events.size(), kBurst + 1);
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

TEST_F(AgentSessionTest, LostRecordsAreCountedOnce) {
  ring_header(agent_->ring())->dropped_records = 3;
  session_->drain();
  session_->drain();
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_THAT(log_.message(), HasSubstr(": 3 crash records were lost"));
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

TEST_F(AgentSessionTest, ClosedItLeavesTheLoopNothingToWaitFor) {
  session_->close();
  log_.io.run();
  EXPECT_EQ(ends_, 0);
}

}  // namespace
}  // namespace pyfault
