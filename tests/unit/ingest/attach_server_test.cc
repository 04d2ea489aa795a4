// Which agents the attach server accepts and which it refuses.
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

using test::attach_and_die_recording;
using test::AttachServerTest;
using test::die_recording;
using test::FakeAgent;
using test::hello_from;
using ::testing::HasSubstr;

TEST_F(AttachServerTest, takes_the_ring_of_an_agent) {
  const FakeAgent agent = attached();
  EXPECT_EQ(agent.side->header().ack_timeout_ms, kDefaultAckTimeoutMs);
  EXPECT_TRUE(server_.watches(getpid()));
}

TEST_F(AttachServerTest, takes_who_comes_by_the_socket_file) {
  FakeAgent agent(server_.address().substr(1));
  agent.attach(hello_from(getpid()));
  log_.run_until([&] { return agent.is_taken(); });
}

TEST_F(AttachServerTest, a_crash_before_it_came_to_the_hello_is_reported) {
  const FakeAgent agent = queued();
  agent.side->publish(getpid());
  log_.run_until_events(1);
  EXPECT_TRUE(log_.crash().complete);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
}

TEST_F(AttachServerTest, a_process_that_is_long_dead_is_described_by_its_hello) {
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
  log_.run_until([&] { return server_.saved().empty(); });
}

TEST_F(AttachServerTest, one_that_has_the_number_of_a_dead_one_is_not_taken_for_it) {
  Hello hello = hello_from(getpid());
  hello.boottime_ns = 1;  // long before this process was started
  std::strcpy(hello.claims.name, "the-dead-one");
  const FakeAgent agent = queued(hello);
  agent.side->publish(getpid());
  server_.drain();
  EXPECT_EQ(log_.events.at(0).process.name, "the-dead-one");
  EXPECT_FALSE(server_.watches(getpid()));
}

TEST_F(AttachServerTest, what_a_dead_process_says_of_itself_may_end_nowhere) {
  Hello hello = hello_from(getpid());
  hello.boottime_ns = std::numeric_limits<std::int64_t>::min();
  std::memset(&hello.claims, 0xff, sizeof hello.claims);
  const FakeAgent agent = queued(hello);
  agent.side->publish(getpid());
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1U);
}

TEST_F(AttachServerTest, a_wake_up_through_the_pipe_is_heard) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
  EXPECT_EQ(agent.side->state(), SlotState::kFree);
}

TEST_F(AttachServerTest, a_wake_up_by_the_socket_is_heard) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  const FakeAgent caller = connect();
  const Wake wake{agent.side->id()};
  caller.say(std::as_bytes(std::span(&wake, 1)));
  log_.run_until_events(1);
  EXPECT_FALSE(caller.is_hung_up_on()) << "it would think that we are gone";
}

TEST_F(AttachServerTest, a_wake_up_for_a_ring_that_nobody_knows_has_all_looked_at) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  agent.write_to_pipe(Wake{0});
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, a_piece_of_a_wake_up_puts_nobody_out_of_step) {
  const FakeAgent agent = attached();
  agent.write_to_pipe(std::array<char, 3>{});
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, a_wake_up_that_comes_before_the_hello_is_heard) {
  const FakeAgent other = attached();
  const FakeAgent agent = queued();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
}

TEST_F(AttachServerTest, a_ring_that_is_none_is_refused) {
  EXPECT_TRUE(is_refused_with({}));
  EXPECT_TRUE(is_refused(UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC))));
  EXPECT_TRUE(is_refused(UniqueFd(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600))));
  EXPECT_EQ(log_.unwatched().predicate, "was refused: its ring is not a memfd");
}

TEST_F(AttachServerTest, a_ring_that_could_shrink_is_refused) {
  EXPECT_TRUE(is_refused(test::make_ring(F_SEAL_GROW | F_SEAL_SEAL)));
  EXPECT_TRUE(is_refused(test::make_ring(F_SEAL_SHRINK | F_SEAL_GROW)));
  EXPECT_EQ(log_.unwatched().predicate, "was refused: its ring is not sealed");
}

TEST_F(AttachServerTest, a_ring_of_another_size_is_refused) {
  EXPECT_TRUE(is_refused(test::make_ring(test::kRingSeals, kRingSize - 1)));
  EXPECT_TRUE(is_refused(test::make_ring(test::kRingSeals, kRingSize + 4096)));
  EXPECT_EQ(log_.unwatched().predicate, "was refused: its ring has another size");
}

TEST_F(AttachServerTest, a_ring_that_nobody_may_write_to_is_refused) {
  EXPECT_TRUE(is_refused(test::make_ring(test::kRingSeals | F_SEAL_WRITE)));
}

TEST_F(AttachServerTest, two_rings_at_once_are_refused) {
  const UniqueFd ring = test::make_ring();
  EXPECT_TRUE(is_refused_with(std::array{ring.get(), ring.get()}));
  EXPECT_TRUE(is_refused_with(std::array{ring.get(), ring.get(), ring.get()}));
}

TEST_F(AttachServerTest, reports_a_crash) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
  EXPECT_TRUE(log_.crash().complete);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
  EXPECT_EQ(agent.side->state(), SlotState::kFree);
}

TEST_F(AttachServerTest, drain_finds_what_nobody_told) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AttachServerTest, drain_hears_the_last_hello) {
  connect().say(hello_from(getpid(), ArmStatus::kUnknownVersion));
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AttachServerTest, gives_every_agent_its_own_ring) {
  std::deque<FakeAgent> agents;
  for (int i = 0; i < 20; ++i) agents.push_back(attached());
  agents.back().side->publish(getpid());
  EXPECT_EQ(agents.front().side->state(), SlotState::kFree);
  server_.drain();
  EXPECT_EQ(log_.events.size(), 1u);
}

TEST_F(AttachServerTest, a_bad_magic_is_turned_away) {
  Hello hello = hello_from(getpid());
  hello.magic ^= 1;
  EXPECT_TRUE(is_turned_away(hello));
}

TEST_F(AttachServerTest, another_protocol_is_turned_away) {
  Hello hello = hello_from(getpid());
  ++hello.protocol;
  EXPECT_TRUE(is_turned_away(hello));
}

TEST_F(AttachServerTest, a_status_that_does_not_exist_is_turned_away) {
  EXPECT_TRUE(is_turned_away(hello_from(getpid(), static_cast<ArmStatus>(99))));
}

TEST_F(AttachServerTest, an_impossible_pid_is_turned_away) {
  EXPECT_TRUE(is_turned_away(hello_from(0)));
}

TEST_F(AttachServerTest, a_short_hello_is_turned_away) {
  FakeAgent agent = connect();
  const Hello hello = hello_from(getpid());
  agent.say(std::as_bytes(std::span(&hello, 1)).first(sizeof(hello) - 1));
  log_.run_until([&] { return agent.is_hung_up_on(); });
}

TEST_F(AttachServerTest, a_long_hello_is_turned_away) {
  FakeAgent agent = connect();
  const std::array hellos{hello_from(getpid()), hello_from(getpid())};
  agent.say(std::as_bytes(std::span(hellos)));
  log_.run_until([&] { return agent.is_hung_up_on(); });
}

TEST_F(AttachServerTest, who_hangs_up_at_once_is_forgotten) {
  { const FakeAgent agent = connect(); }
  log_.poll();
  attached();
}

TEST_F(AttachServerTest, an_interpreter_that_is_left_alone_is_noticed_once) {
  for (int times = 0; times < 2; ++times) {
    EXPECT_TRUE(is_turned_away(hello_from(getpid(), ArmStatus::kUnknownVersion)));
  }
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_EQ(log_.unwatched().reason, UnwatchedReason::kUnknownVersion);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
}

TEST_F(AttachServerTest, a_program_that_cannot_be_watched_is_told_at_once) {
  server_.expect(getpid(), {.elf = true, .native = true});
  ASSERT_EQ(log_.events.size(), 1u);
  EXPECT_EQ(log_.unwatched().reason, UnwatchedReason::kStaticallyLinked);
}

TEST_F(AttachServerTest, a_program_that_does_not_attach_is_looked_at) {
  const test::WaitingChild child;
  server_.expect(child.pid());
  log_.run_until_events(1);
  EXPECT_EQ(log_.unwatched().reason, UnwatchedReason::kAgentNotLoaded);
}

TEST_F(AttachServerTest, a_program_that_has_attached_is_no_news) {
  const FakeAgent agent = attached();
  server_.expect(getpid(), {.elf = true, .native = true});
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(AttachServerTest, salvages_what_a_forked_process_left_when_it_was_killed) {
  const pid_t agent = die_recording(server_.address());
  log_.run_until_events(1);
  EXPECT_FALSE(log_.crash().complete);
  EXPECT_EQ(log_.events[0].process.pid, agent);
  EXPECT_EQ(log_.events[0].process.ppid, getpid());
  waitpid(agent, nullptr, 0);
}

TEST_F(AttachServerTest, the_end_of_one_that_died_before_it_was_heard_follows_its_crash) {
  const pid_t agent = die_recording(server_.address());
  waitpid(agent, nullptr, 0);
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.events.size(), 1u);
  EXPECT_EQ(log_.exits[0].process.pid, agent);
  log_.run_until([&] { return server_.saved().empty(); });
  EXPECT_EQ(log_.exits.size(), 1u);
}

// The kernel tells since 6.16; the others can't know.
TEST_F(AttachServerTest,
       the_status_of_one_that_was_reaped_before_it_was_heard_is_known_or_unknown) {
  waitpid(die_recording(server_.address()), nullptr, 0);
  server_.drain();
  const ExitEvent& exit = log_.exit();
  EXPECT_TRUE(exit.signal == SIGKILL || exit.reason == ExitReason::kUnknown);
}

TEST_F(AttachServerTest, one_that_has_executed_a_program_and_died_before_it_was_heard_ends_once) {
  const pid_t program = fork();
  if (program == 0) {
    queued();
    attach_and_die_recording(server_.address());
  }
  waitpid(program, nullptr, 0);
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.events.size(), 1u);
  log_.run_until([&] { return server_.saved().empty(); });
  EXPECT_EQ(log_.exits.size(), 1u);
}

// The loop learns of the death before it learns that the process has attached again.
TEST_F(AttachServerTest, the_end_of_a_watched_one_follows_the_crash_of_what_it_has_executed) {
  const pid_t program = fork();
  if (program == 0) {
    queued();
    raise(SIGSTOP);
    attach_and_die_recording(server_.address());
  }
  waitpid(program, nullptr, WUNTRACED);
  server_.drain();
  ASSERT_TRUE(server_.watches(program));
  std::deque<FakeAgent> queue_before_it;
  for (int i = 0; i < 200; ++i) queue_before_it.push_back(connect());
  kill(program, SIGCONT);
  waitpid(program, nullptr, 0);
  std::size_t crashes_before = 0;
  log_.then = [&] {
    if (log_.exits.size() == 1) crashes_before = log_.events.size();
  };
  log_.run_until([&] { return server_.saved().empty(); });
  EXPECT_EQ(crashes_before, 1u);
  EXPECT_EQ(log_.exits.size(), 1u);
}

TEST_F(AttachServerTest, another_users_process_that_descends_from_us_may_attach) {
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

TEST_F(AttachServerTest, says_who_has_attached) {
  std::vector<int> attached;
  AttachServer server(log_.io, log_, {},
                      [&](const Process& process) { attached.push_back(process.pid); });
  FakeAgent agent(server.address());
  agent.attach(hello_from(getpid()));
  server.drain();
  EXPECT_EQ(attached, std::vector{getpid()});
}

TEST_F(AttachServerTest, closed_it_leaves_the_loop_nothing_to_wait_for) {
  const FakeAgent agent = attached();
  const FakeAgent silent = connect();
  log_.poll();
  server_.close();
  log_.io.run();
  EXPECT_FALSE(connect().connected());
}

TEST_F(AttachServerTest, may_be_closed_by_the_handler_of_an_event) {
  test::EventLog log;
  AttachServer server(log.io, log);
  log.then = [&] { server.close(); };
  FakeAgent agent(server.address());
  agent.attach(hello_from(getpid()));
  agent.side->publish(getpid());
  log.io.run();
}

}  // namespace
}  // namespace pyfault
