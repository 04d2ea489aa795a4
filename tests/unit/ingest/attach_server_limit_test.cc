// Many agents at once: none may hold up the server, and none may get more than its share.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>

#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/attach_server_fixture.h"

namespace pyfault {
namespace {

using test::AttachServerTest;
using test::FakeAgent;
using test::hello_from;
using ::testing::HasSubstr;

TEST_F(AttachServerTest, serves_many_that_come_at_once) {
  std::deque<FakeAgent> agents;
  for (int i = 0; i < 50; ++i) agents.push_back(queued());
  server_.drain();
  for (const FakeAgent& agent : agents) EXPECT_TRUE(agent.is_heard());
}

TEST_F(AttachServerTest, silent_connections_do_not_keep_others_out) {
  std::deque<FakeAgent> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(connect());
    log_.poll();
  }
  attached();
  EXPECT_TRUE(silent.front().is_hung_up_on());
  EXPECT_FALSE(silent.back().is_hung_up_on());
}

TEST_F(AttachServerTest, a_silent_connection_is_closed_in_the_end) {
  AttachServer impatient(log_.io, log_, {.hello_timeout = std::chrono::milliseconds(1)});
  const FakeAgent agent(impatient.address());
  log_.run_until([&] { return agent.is_hung_up_on(); });
}

TEST_F(AttachServerTest, a_flood_of_wake_ups_does_not_keep_others_waiting) {
  const FakeAgent flooder = attached();
  const FakeAgent other = attached();
  while (flooder.write_to_pipe(Wake{flooder.side->id()})) continue;
  other.side->publish(getpid());
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1U);
}

TEST_F(AttachServerTest, a_wake_up_that_finds_the_pipe_full_is_not_missed) {
  const FakeAgent agent = attached();
  while (agent.write_to_pipe(Wake{0})) continue;
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, a_flood_of_wake_ups_for_rings_that_nobody_knows_is_survived) {
  const FakeAgent agent = attached();
  std::deque<FakeAgent> callers;
  for (int i = 0; i < 1000; ++i) {
    callers.push_back(connect());
    const Wake wake{static_cast<std::uint64_t>(i)};
    callers.back().say(std::as_bytes(std::span(&wake, 1)));
    callers.back().hang_up();
  }
  server_.drain();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, running_out_of_descriptors_is_said_once_and_survived) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const FakeAgent agent = queued();
  const rlimit none{0, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  log_.run_until_events(1);
  log_.poll();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_THAT(log_.message(), HasSubstr("can't be watched for now: Too many open files"));
  log_.run_until([&] { return agent.is_taken(); });
}

TEST_F(AttachServerTest, the_last_descriptors_are_not_for_agents) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{120, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  AttachServer server(log_.io, log_, {.half_open = 1000});
  std::deque<FakeAgent> agents;
  while (log_.events.empty()) {
    agents.emplace_back(server.address());
    log_.poll();
  }
  EXPECT_THAT(log_.message(), HasSubstr("Too many open files"));
  const UniqueFd spare(open("/", O_PATH | O_CLOEXEC));
  EXPECT_TRUE(spare);
  agents.clear();
  setrlimit(RLIMIT_NOFILE, &before);
}

// The child is entered in every ring, so that no ring can be released when the next one is
// attached.
TEST_F(AttachServerTest, one_process_has_only_so_many_rings) {
  AttachServer server(log_.io, log_, {.sessions_per_process = 2});
  test::WaitingChild child;
  for (int i = 0; i < 3; ++i) {
    FakeAgent agent(server.address());
    agent.attach(hello_from(getpid()));
    agent.side->enter_child(child.pid());
    server.drain();
    EXPECT_EQ(agent.is_taken(), i < 2);
  }
  EXPECT_EQ(log_.unwatched().predicate, "was refused: it has attached too often");
}

void expect_only_one_is_taken(AttachServer& server, test::EventLog& log, const char* predicate) {
  FakeAgent first(server.address());
  first.attach(hello_from(getpid()));
  FakeAgent second(server.address());
  second.attach(hello_from(getpid()));
  server.drain();
  EXPECT_TRUE(first.is_taken());
  EXPECT_FALSE(second.is_taken());
  EXPECT_EQ(log.unwatched().predicate, predicate);
}

TEST_F(AttachServerTest, one_user_has_only_so_many_rings) {
  AttachServer server(log_.io, log_, {.sessions_per_user = 1});
  expect_only_one_is_taken(server, log_, "was refused: too many of its user are watched");
}

// No descendant of this process, and of another user.
bool is_taken_from_a_stranger(const AttachServer& server, test::EventLog& log) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return false;
  if (::fork() == 0) {
    const pid_t between = ::getpid();
    if (::fork() != 0) ::_exit(0);
    while (::getppid() == between) ::usleep(1000);
    if (::setuid(65534) != 0) ::_exit(1);
    FakeAgent agent(server.address());
    agent.attach(hello_from(getpid()));
    const auto is_closed = [&] { return !agent.side || agent.is_heard(); };
    for (int i = 0; i < 1000 && !is_closed(); ++i) ::usleep(1000);
    const char taken = agent.is_taken() ? 'y' : 'n';
    [[maybe_unused]] const auto told = ::write(ends[1], &taken, 1);
    ::_exit(0);
  }
  ::wait(nullptr);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  char taken = 0;
  while (::read(ends[0], &taken, 1) != 1) log.io.run_one_for(std::chrono::milliseconds(10));
  ::close(ends[0]);
  ::close(ends[1]);
  return taken == 'y';
}

TEST_F(AttachServerTest, a_stranger_is_taken_only_where_all_users_are) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to become another user";
  AttachServer for_all(log_.io, log_, {.any_user = true});
  EXPECT_FALSE(is_taken_from_a_stranger(server_, log_));
  EXPECT_TRUE(is_taken_from_a_stranger(for_all, log_));
}

TEST_F(AttachServerTest, there_are_only_so_many_rings) {
  AttachServer server(log_.io, log_, {.sessions = 1});
  expect_only_one_is_taken(server, log_, "was refused: too many are watched");
}

}  // namespace
}  // namespace pyfault
