// The door: who gets in, who is turned away, and that nobody can hold it up.
#include "watchdog/ingest/attach_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tests/support/fake_agent.h"
#include "tests/unit/ingest/event_log.h"

namespace pyfault {
namespace {

using test::FakeAgent;
using test::hello_from;
using test::RecordBuilder;
using test::whole_record;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A process that attaches, and is killed half-way through a record.
pid_t die_recording(const std::string& address) {
  const pid_t agent = fork();
  if (agent == 0) {
    FakeAgent dying(address);
    dying.say(hello_from(getpid()));
    if (!dying.take_welcome()) _exit(1);
    dying.side->begin(getpid(), RecordBuilder().fault().runtime());
    raise(SIGKILL);
  }
  return agent;
}

class AttachServerTest : public ::testing::Test {
 protected:
  FakeAgent connect() const { return FakeAgent(server_.address()); }
  void wait_for_answer(const FakeAgent& agent) {
    log_.run_until([&] { return agent.answered(); });
  }
  bool is_welcome(FakeAgent& agent) {
    wait_for_answer(agent);
    return agent.take_welcome();
  }
  bool is_turned_away(const Hello& hello) {
    FakeAgent agent = connect();
    agent.say(hello);
    return !is_welcome(agent);
  }
  FakeAgent attached() {
    FakeAgent agent = connect();
    agent.say(hello_from(getpid()));
    EXPECT_TRUE(is_welcome(agent));
    return agent;
  }

  test::EventLog log_;
  AttachServer server_{log_.io, log_.handler()};
};

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

TEST_F(AttachServerTest, ServesManyThatComeAtOnce) {
  std::deque<FakeAgent> agents;
  for (int i = 0; i < 50; ++i) {
    agents.push_back(connect());
    agents.back().say(hello_from(getpid()));
  }
  for (FakeAgent& agent : agents) EXPECT_TRUE(is_welcome(agent));
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

TEST_F(AttachServerTest, SalvagesWhatAForkedProcessLeftWhenItWasKilled) {
  const pid_t agent = die_recording(server_.address());
  log_.run_until_events(1);
  EXPECT_FALSE(log_.crash().complete);
  EXPECT_EQ(log_.events[0].process.pid, agent);
  EXPECT_EQ(log_.events[0].process.ppid, getpid());
  waitpid(agent, nullptr, 0);
}

TEST_F(AttachServerTest, AnotherUsersProcessThatDescendsFromUsMayAttach) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
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

// Another watchdog goes on with what this one has kept.
class KeptServerTest : public ::testing::Test {
 protected:
  KeptServerTest() {
    before_->set_keeper({[this](std::uint64_t id, int ring, int pipe) {
                           kept_[id] = {UniqueFd(::fcntl(ring, F_DUPFD_CLOEXEC, 0)),
                                        UniqueFd(::fcntl(pipe, F_DUPFD_CLOEXEC, 0))};
                         },
                         [this] { memory_ = before_->memory(); },
                         [this](std::uint64_t id) { kept_.erase(id); }});
  }

  FakeAgent attached() {
    FakeAgent agent(address_);
    agent.say(hello_from(getpid()));
    log_.run_until([&] { return agent.answered(); });
    EXPECT_TRUE(agent.take_welcome());
    return agent;
  }
  // As a watchdog is that was killed.
  void change_watchdogs() {
    KeptServer kept{before_->listeners(), {}, 0};
    for (SessionMemory& memory : memory_) {
      auto& [ring, pipe] = kept_[memory.id];
      kept.sessions.push_back({std::move(memory), std::move(ring), std::move(pipe)});
    }
    before_->leave();
    before_->close();
    after_.emplace(log_.io, log_.handler(), AttachLimits{}, std::move(kept));
  }

  test::EventLog log_;
  std::optional<AttachServer> before_{std::in_place, log_.io, log_.handler()};
  const std::string address_ = before_->address();
  std::map<std::uint64_t, std::pair<UniqueFd, UniqueFd>> kept_;
  std::vector<SessionMemory> memory_;
  std::optional<AttachServer> after_;
};

TEST_F(KeptServerTest, a_record_made_while_nobody_was_there_is_found) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  change_watchdogs();
  after_->drain();
  EXPECT_TRUE(log_.crash().complete);
  EXPECT_EQ(agent.side->state(), SlotState::kFree);
}

TEST_F(KeptServerTest, a_token_wakes_the_new_one) {
  const FakeAgent agent = attached();
  change_watchdogs();
  agent.side->publish(getpid());
  agent.side->ping();
  log_.run_until_events(1);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
}

TEST_F(KeptServerTest, agents_find_it_where_the_old_one_was) {
  change_watchdogs();
  EXPECT_EQ(after_->address(), address_);
  attached();
  FakeAgent by_file(address_.substr(1));
  EXPECT_TRUE(by_file.connected());
}

TEST_F(KeptServerTest, sessions_of_both_have_numbers_of_their_own) {
  const FakeAgent old = attached();
  change_watchdogs();
  const FakeAgent young = attached();
  const auto memory = after_->memory();
  ASSERT_EQ(memory.size(), 2u);
  EXPECT_NE(memory[0].id, memory[1].id);
}

TEST_F(KeptServerTest, a_ring_that_is_none_is_said_and_left_out) {
  const FakeAgent agent = attached();
  for (auto& [id, session] : kept_) session.first = UniqueFd(::dup(STDIN_FILENO));
  change_watchdogs();
  EXPECT_THAT(log_.message(), HasSubstr("can't be watched any more"));
  EXPECT_THAT(after_->memory(), IsEmpty());
}

TEST_F(KeptServerTest, one_that_has_the_number_of_the_attached_process_is_not_taken_for_it) {
  const FakeAgent agent = attached();
  for (SessionMemory& memory : memory_) ++memory.family.start_ticks;
  change_watchdogs();
  EXPECT_FALSE(after_->watches(getpid()));
}

// A session ends a pass of the loop after its last record, and the keeper may be gone by then.
TEST_F(KeptServerTest, once_closed_it_has_nothing_to_say_to_its_keeper) {
  const pid_t agent = die_recording(address_);
  log_.run_until_events(1);
  before_->close();
  log_.poll();
  EXPECT_EQ(kept_.size(), 1u);
  waitpid(agent, nullptr, 0);
}

TEST_F(KeptServerTest, a_door_where_nobody_listens_is_refused) {
  KeptServer kept;
  kept.listeners.emplace_back(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  EXPECT_THROW(AttachServer(log_.io, log_.handler(), {}, std::move(kept)), std::runtime_error);
}

}  // namespace
}  // namespace pyfault
