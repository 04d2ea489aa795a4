// Many at the door: nobody can hold it up, and nobody gets more than their share.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <deque>

#include "tests/unit/ingest/attach_server_fixture.h"

namespace pyfault {
namespace {

using test::AttachServerTest;
using test::FakeAgent;
using test::hello_from;
using ::testing::HasSubstr;

TEST_F(AttachServerTest, ServesManyThatComeAtOnce) {
  std::deque<FakeAgent> agents;
  for (int i = 0; i < 50; ++i) {
    agents.push_back(connect());
    agents.back().say(hello_from(getpid()));
  }
  for (FakeAgent& agent : agents) EXPECT_TRUE(is_welcome(agent));
}

TEST_F(AttachServerTest, SilentConnectionsDoNotKeepOthersOut) {
  std::deque<FakeAgent> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(connect());
    log_.poll();
  }
  attached();
  EXPECT_TRUE(silent.front().answered());
  EXPECT_FALSE(silent.back().answered());
}

TEST_F(AttachServerTest, ASilentConnectionIsClosedInTheEnd) {
  AttachServer impatient(log_.io, log_.handler(), {.hello_timeout = std::chrono::milliseconds(1)});
  FakeAgent agent(impatient.address());
  EXPECT_FALSE(is_welcome(agent));
}

TEST_F(AttachServerTest, AFloodOfTokensDoesNotKeepOthersWaiting) {
  const FakeAgent flooder = attached();
  const FakeAgent other = attached();
  while (flooder.side->send(TokenKind::kRecord, 1)) continue;
  other.side->publish(getpid());
  other.side->ping();
  log_.run_until_events(1);
  int left = 0;
  ASSERT_EQ(ioctl(flooder.side->pipe(), FIONREAD, &left), 0);
  EXPECT_GT(left, 0);
}

TEST_F(AttachServerTest, RunningOutOfDescriptorsIsSaidOnceAndSurvived) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  FakeAgent agent = connect();
  agent.say(hello_from(getpid()));
  const rlimit none{0, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  log_.run_until_events(1);
  log_.poll();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_THAT(log_.message(), HasSubstr("can't be watched for now: Too many open files"));
  EXPECT_TRUE(is_welcome(agent));
}

TEST_F(AttachServerTest, TheLastDescriptorsAreNotForAgents) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{120, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  AttachServer server(log_.io, log_.handler(), {.sessions_per_process = 1000});
  std::deque<FakeAgent> agents;
  while (log_.events.empty()) {
    agents.emplace_back(server.address());
    agents.back().say(hello_from(getpid()));
    log_.poll();
  }
  EXPECT_THAT(log_.message(), HasSubstr("Too many open files"));
  const UniqueFd spare(open("/", O_PATH | O_CLOEXEC));
  EXPECT_TRUE(spare);
  agents.clear();
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(AttachServerTest, OneProcessHasOnlySoManyRings) {
  AttachServer server(log_.io, log_.handler(), {.sessions_per_process = 2});
  std::deque<FakeAgent> agents;
  for (int i = 0; i < 3; ++i) {
    agents.emplace_back(server.address());
    agents.back().say(hello_from(getpid()));
    EXPECT_EQ(is_welcome(agents.back()), i < 2);
  }
  EXPECT_THAT(log_.message(), HasSubstr("can't be watched: it has attached too often"));
}

TEST_F(AttachServerTest, ThereAreOnlySoManyRings) {
  AttachServer server(log_.io, log_.handler(), {.sessions = 1});
  FakeAgent first(server.address());
  first.say(hello_from(getpid()));
  EXPECT_TRUE(is_welcome(first));
  FakeAgent second(server.address());
  second.say(hello_from(getpid()));
  EXPECT_FALSE(is_welcome(second));
  EXPECT_THAT(log_.message(), HasSubstr("can't be watched: too many are watched"));
}

}  // namespace
}  // namespace pyfault
