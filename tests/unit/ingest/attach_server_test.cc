// The door: who gets in, and who is turned away.
#include "watchdog/ingest/attach_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <deque>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/attach_server_fixture.h"
#include "tests/unit/ingest/die_recording.h"

namespace pyfault {
namespace {

using test::AttachServerTest;
using test::die_recording;
using test::FakeAgent;
using test::hello_from;
using ::testing::HasSubstr;

TEST_F(AttachServerTest, TakesTheRingOfAnAgent) {
  const FakeAgent agent = attached();
  EXPECT_EQ(agent.side->header().ack_timeout_ms, kDefaultAckTimeoutMs);
  EXPECT_TRUE(server_.watches(getpid()));
}

TEST_F(AttachServerTest, TakesWhoComesByTheSocketFile) {
  FakeAgent agent(server_.address().substr(1));
  agent.attach(hello_from(getpid()));
  log_.run_until([&] { return agent.is_taken(); });
}

TEST_F(AttachServerTest, ACrashBeforeItCameToTheHelloIsReported) {
  const FakeAgent agent = queued();
  agent.side->publish(getpid());
  log_.run_until_events(1);
  EXPECT_TRUE(log_.crash().complete);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
}

TEST_F(AttachServerTest, AProcessThatIsLongDeadIsDescribedByItsHello) {
  const pid_t child = fork();
  if (child == 0) {
    Hello hello = hello_from(getpid());
    hello.ppid = 77;
    std::strcpy(hello.claims.name, "dead-python");
    std::strcpy(hello.claims.executable, "/usr/bin/python3");
    std::memcpy(hello.claims.command, "python3\0app.py", sizeof "python3\0app.py");
    queued(hello).side->publish(getpid());
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  server_.drain();
  const Process& process = log_.events.at(0).process;
  EXPECT_EQ(process.pid, child);
  EXPECT_EQ(process.ppid, 77);
  EXPECT_EQ(process.name, "dead-python");
  EXPECT_EQ(process.executable, "/usr/bin/python3");
  EXPECT_THAT(process.command, testing::ElementsAre("python3", "app.py"));
  log_.run_until([&] { return server_.memory().empty(); });
}

TEST_F(AttachServerTest, OneThatHasTheNumberOfADeadOneIsNotTakenForIt) {
  Hello hello = hello_from(getpid());
  hello.boottime_ns = 1;  // before we were born
  std::strcpy(hello.claims.name, "the-dead-one");
  const FakeAgent agent = queued(hello);
  agent.side->publish(getpid());
  server_.drain();
  EXPECT_EQ(log_.events.at(0).process.name, "the-dead-one");
  EXPECT_FALSE(server_.watches(getpid()));
}

TEST_F(AttachServerTest, WhatADeadProcessSaysOfItselfMayEndNowhere) {
  Hello hello = hello_from(getpid());
  hello.boottime_ns = std::numeric_limits<std::int64_t>::min();
  std::memset(&hello.claims, 0xff, sizeof hello.claims);
  const FakeAgent agent = queued(hello);
  agent.side->publish(getpid());
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1U);
}

TEST_F(AttachServerTest, AWakeUpThroughThePipeIsHeard) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
  EXPECT_EQ(agent.side->state(), SlotState::kFree);
}

TEST_F(AttachServerTest, AWakeUpByTheSocketIsHeard) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  const FakeAgent caller = connect();
  const Wake wake{agent.side->id()};
  caller.say(std::as_bytes(std::span(&wake, 1)));
  log_.run_until_events(1);
  EXPECT_FALSE(caller.is_hung_up_on()) << "it would think that we are gone";
}

TEST_F(AttachServerTest, AWakeUpForARingThatNobodyKnowsHasAllLookedAt) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  agent.write_to_pipe(Wake{0});
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, APieceOfAWakeUpPutsNobodyOutOfStep) {
  const FakeAgent agent = attached();
  agent.write_to_pipe(std::array<char, 3>{});
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, AWakeUpThatComesBeforeTheHelloIsHeard) {
  const FakeAgent other = attached();
  const FakeAgent agent = queued();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, ARingThatIsNoneIsRefused) {
  EXPECT_TRUE(is_refused_with({}));
  EXPECT_TRUE(is_refused(UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC))));
  EXPECT_TRUE(is_refused(UniqueFd(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600))));
  EXPECT_EQ(log_.unwatched().predicate, "was refused: its ring is not a memfd");
}

TEST_F(AttachServerTest, ARingThatCouldShrinkIsRefused) {
  EXPECT_TRUE(is_refused(test::make_ring(F_SEAL_GROW | F_SEAL_SEAL)));
  EXPECT_TRUE(is_refused(test::make_ring(F_SEAL_SHRINK | F_SEAL_GROW)));
  EXPECT_EQ(log_.unwatched().predicate, "was refused: its ring is not sealed");
}

TEST_F(AttachServerTest, ARingOfAnotherSizeIsRefused) {
  EXPECT_TRUE(is_refused(test::make_ring(test::kRingSeals, kRingSize - 1)));
  EXPECT_TRUE(is_refused(test::make_ring(test::kRingSeals, kRingSize + 4096)));
  EXPECT_EQ(log_.unwatched().predicate, "was refused: its ring has another size");
}

TEST_F(AttachServerTest, ARingThatNobodyMayWriteToIsRefused) {
  EXPECT_TRUE(is_refused(test::make_ring(test::kRingSeals | F_SEAL_WRITE)));
}

TEST_F(AttachServerTest, TwoRingsAtOnceAreRefused) {
  const UniqueFd ring = test::make_ring();
  EXPECT_TRUE(is_refused_with(std::array{ring.get(), ring.get()}));
  EXPECT_TRUE(is_refused_with(std::array{ring.get(), ring.get(), ring.get()}));
}

TEST_F(AttachServerTest, ReportsACrash) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
  EXPECT_TRUE(log_.crash().complete);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
  EXPECT_EQ(agent.side->state(), SlotState::kFree);
}

TEST_F(AttachServerTest, DrainFindsWhatNobodyTold) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AttachServerTest, DrainHearsTheLastHello) {
  connect().say(hello_from(getpid(), ArmStatus::kUnknownVersion));
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AttachServerTest, GivesEveryAgentItsOwnRing) {
  std::deque<FakeAgent> agents;
  for (int i = 0; i < 20; ++i) agents.push_back(attached());
  agents.back().side->publish(getpid());
  EXPECT_EQ(agents.front().side->state(), SlotState::kFree);
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AttachServerTest, ABadMagicIsTurnedAway) {
  Hello hello = hello_from(getpid());
  hello.magic ^= 1;
  EXPECT_TRUE(is_turned_away(hello));
}

TEST_F(AttachServerTest, AnotherProtocolIsTurnedAway) {
  Hello hello = hello_from(getpid());
  ++hello.protocol;
  EXPECT_TRUE(is_turned_away(hello));
}

TEST_F(AttachServerTest, AStatusThatDoesNotExistIsTurnedAway) {
  EXPECT_TRUE(is_turned_away(hello_from(getpid(), static_cast<ArmStatus>(99))));
}

TEST_F(AttachServerTest, AnImpossiblePidIsTurnedAway) {
  EXPECT_TRUE(is_turned_away(hello_from(0)));
}

TEST_F(AttachServerTest, AShortHelloIsTurnedAway) {
  FakeAgent agent = connect();
  const Hello hello = hello_from(getpid());
  agent.say(std::as_bytes(std::span(&hello, 1)).first(sizeof(hello) - 1));
  log_.run_until([&] { return agent.is_hung_up_on(); });
}

TEST_F(AttachServerTest, ALongHelloIsTurnedAway) {
  FakeAgent agent = connect();
  const std::array hellos{hello_from(getpid()), hello_from(getpid())};
  agent.say(std::as_bytes(std::span(hellos)));
  log_.run_until([&] { return agent.is_hung_up_on(); });
}

TEST_F(AttachServerTest, WhoHangsUpAtOnceIsForgotten) {
  { const FakeAgent agent = connect(); }
  log_.poll();
  attached();
}

TEST_F(AttachServerTest, AnInterpreterThatIsLeftAloneIsNoticedOnce) {
  for (int times = 0; times < 2; ++times) {
    EXPECT_TRUE(is_turned_away(hello_from(getpid(), ArmStatus::kUnknownVersion)));
  }
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_EQ(log_.unwatched().reason, UnwatchedReason::kUnknownVersion);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
}

TEST_F(AttachServerTest, AProgramThatCannotBeWatchedIsToldAtOnce) {
  server_.expect(getpid(), {.elf = true, .x86_64 = true});
  ASSERT_EQ(log_.events.size(), 1u);
  EXPECT_EQ(log_.unwatched().reason, UnwatchedReason::kStaticallyLinked);
}

TEST_F(AttachServerTest, AProgramThatDoesNotAttachIsLookedAt) {
  const test::WaitingChild child;
  server_.expect(child.pid());
  log_.run_until_events(1);
  EXPECT_EQ(log_.unwatched().reason, UnwatchedReason::kAgentNotLoaded);
}

TEST_F(AttachServerTest, AProgramThatHasAttachedIsNoNews) {
  const FakeAgent agent = attached();
  server_.expect(getpid(), {.elf = true, .x86_64 = true});
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(AttachServerTest, SalvagesWhatAForkedProcessLeftWhenItWasKilled) {
  const pid_t agent = die_recording(server_.address());
  log_.run_until_events(1);
  EXPECT_FALSE(log_.crash().complete);
  EXPECT_EQ(log_.events[0].process.pid, agent);
  EXPECT_EQ(log_.events[0].process.ppid, getpid());
  waitpid(agent, nullptr, 0);
}

TEST_F(AttachServerTest, AnotherUsersProcessThatDescendsFromUsMayAttach) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root's rights to become somebody else";
  const pid_t worker = fork();
  if (worker == 0) {
    if (setuid(4321) != 0) _exit(2);
    queued();
    pause();
  }
  log_.run_until([&] { return server_.watches(worker); });
  kill(worker, SIGKILL);
  waitpid(worker, nullptr, 0);
}

TEST_F(AttachServerTest, SaysWhoHasAttached) {
  std::vector<int> attached;
  AttachServer server(log_.io, log_.handler(), {},
                      [&](const Process& process) { attached.push_back(process.pid); });
  FakeAgent agent(server.address());
  agent.attach(hello_from(getpid()));
  server.drain();
  EXPECT_EQ(attached, std::vector{getpid()});
}

TEST_F(AttachServerTest, ClosedItLeavesTheLoopNothingToWaitFor) {
  const FakeAgent agent = attached();
  const FakeAgent silent = connect();
  log_.poll();
  server_.close();
  log_.io.run();
  EXPECT_FALSE(connect().connected());
}

TEST_F(AttachServerTest, MayBeClosedByTheHandlerOfAnEvent) {
  test::EventLog log;
  AttachServer* door = nullptr;
  AttachServer server(log.io, [&](Event) { door->close(); });
  door = &server;
  FakeAgent agent(server.address());
  agent.attach(hello_from(getpid()));
  agent.side->publish(getpid());
  log.io.run();
}

}  // namespace
}  // namespace pyfault
