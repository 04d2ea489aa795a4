// The door: who gets in, and who is turned away.
#include "watchdog/ingest/attach_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/ingest/attach_server_fixture.h"
#include "tests/unit/ingest/die_recording.h"

namespace pyfault {
namespace {

using test::AttachServerTest;
using test::die_recording;
using test::FakeAgent;
using test::hello_from;

TEST_F(AttachServerTest, WelcomesAnAgent) {
  const FakeAgent agent = attached();
  EXPECT_EQ(agent.welcome.magic, kHandshakeMagic);
  EXPECT_EQ(agent.welcome.protocol, kProtocolVersion);
  EXPECT_EQ(agent.welcome.ack_timeout_ms, kDefaultAckTimeoutMs);
  EXPECT_EQ(agent.welcome.ring_version, kRingVersion);
  EXPECT_EQ(agent.welcome.ring_size, kRingSize);
  EXPECT_EQ(ring_header(agent.side->ring())->magic, kRingMagic);
}

TEST_F(AttachServerTest, WelcomesWhoComesByTheSocketFile) {
  FakeAgent agent(server_.address().substr(1));
  agent.say(hello_from(getpid()));
  EXPECT_TRUE(is_welcome(agent));
}

TEST_F(AttachServerTest, ThePipeNeverBlocksTheAgent) {
  const FakeAgent agent = attached();
  EXPECT_NE(fcntl(agent.side->pipe(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(AttachServerTest, ReportsACrash) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  agent.side->ping();
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
  agents.front().side->publish(getpid());
  EXPECT_EQ(agents.back().side->state(), SlotState::kFree);
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
  EXPECT_FALSE(is_welcome(agent));
}

TEST_F(AttachServerTest, ALongHelloIsTurnedAway) {
  FakeAgent agent = connect();
  const std::array hellos{hello_from(getpid()), hello_from(getpid())};
  agent.say(std::as_bytes(std::span(hellos)));
  EXPECT_FALSE(is_welcome(agent));
}

TEST_F(AttachServerTest, WhoHangsUpAtOnceIsForgotten) {
  { const FakeAgent agent = connect(); }
  log_.poll();
  attached();
}

TEST_F(AttachServerTest, AnInterpreterThatIsLeftAloneIsNoticedOnce) {
  EXPECT_TRUE(is_turned_away(hello_from(getpid(), ArmStatus::kUnknownVersion)));
  EXPECT_TRUE(is_turned_away(hello_from(getpid(), ArmStatus::kUnknownVersion)));
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_EQ(log_.message(), "unit_ingest[" + std::to_string(getpid()) +
                                "]: Python 3.13 is not known to this version; left alone");
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
    FakeAgent agent = connect();
    agent.say(hello_from(getpid()));
    _exit(agent.take_welcome() ? 0 : 1);
  }
  int status = -1;
  log_.run_until([&] { return waitpid(worker, &status, WNOHANG) == worker; });
  EXPECT_EQ(status, 0);
}

TEST_F(AttachServerTest, SaysWhoHasAttached) {
  std::vector<int> attached;
  AttachServer server(log_.io, log_.handler(), {},
                      [&](const Process& process) { attached.push_back(process.pid); });
  FakeAgent agent(server.address());
  agent.say(hello_from(getpid()));
  EXPECT_TRUE(is_welcome(agent));
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
  agent.say(hello_from(getpid()));
  log.run_until([&] { return agent.answered(); });
  ASSERT_TRUE(agent.take_welcome());
  agent.side->publish(getpid());
  agent.side->ping();
  log.io.run();
}

}  // namespace
}  // namespace pyfault
