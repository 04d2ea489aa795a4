// Processes that ask for crashes: each gets what it may know, and none can hold up the watchdog.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <string>

#include "tests/support/fake_asker.h"
#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/attach_server_fixture.h"
#include "tests/unit/ingest/crash_events.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

using test::AttachServerTest;
using test::crash_of;
using test::EventLog;
using test::FakeAgent;
using test::FakeAsker;
using test::hello_from;
using test::WaitingChild;
using ::testing::HasSubstr;

class QuestionServerTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kLong = 10'000;

  // A process number that nobody has.
  static int dead_pid() {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    waitpid(pid, nullptr, 0);
    return pid;
  }
  static std::string long_report(const Event&) { return std::string(200'000, 'x'); }

  FakeAsker asker() const { return FakeAsker(server_.address()); }
  void answer(FakeAsker& asker) {
    log_.run_until([&] { return asker.has_answer(); });
  }
  // What another process of this user is told.
  bool another_has_room(const AttachServer& server) {
    const pid_t pid = fork();
    if (pid == 0) {
      FakeAsker one(server.address());
      one.ask_for_room();
      while (!one.has_answer()) usleep(1000);
      _exit(one.has_room ? 1 : 0);
    }
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) != pid) run_for(std::chrono::milliseconds(10));
    return WEXITSTATUS(status) == 1;
  }
  void run_for(std::chrono::milliseconds time) { log_.io.run_for(time); }

  EventLog log_;
  std::shared_ptr<RecentCrashes> crashes_ =
      std::make_shared<RecentCrashes>(&format_json, &format_text);
  AttachServer server_{log_.io, log_, {.crashes = crashes_, .askers = 4}};
};

TEST_F(QuestionServerTest, a_crash_is_told_as_event_and_report) {
  crashes_->on_event(crash_of(7, "id"));
  FakeAsker one = asker();
  one.ask(7);
  answer(one);
  ASSERT_EQ(one.crashes.size(), 1U);
  EXPECT_EQ(one.crashes[0].pid, 7);
  EXPECT_THAT(one.crashes[0].event, HasSubstr("\"id\":\"id\""));
  EXPECT_THAT(one.crashes[0].report, HasSubstr("crashed"));
  EXPECT_EQ(one.forgotten, 0U);
}

TEST_F(QuestionServerTest, an_answer_of_any_length_arrives_whole) {
  auto crashes = std::make_shared<RecentCrashes>(&long_report, &long_report);
  AttachServer server(log_.io, log_, {.crashes = crashes});
  for (int pid = 1; pid <= 5; ++pid) crashes->on_event(crash_of(pid, std::to_string(pid)));
  FakeAsker one(server.address());
  one.say(test::question_bytes(QuestionKind::kCrashesOf, {1, 2, 3, 4, 5}));
  answer(one);
  ASSERT_EQ(one.crashes.size(), 5U);
  for (const CrashText& crash : one.crashes) EXPECT_EQ(crash.report.size(), 200'000U);
}

TEST_F(QuestionServerTest, a_crash_in_a_ring_that_was_not_read_yet_is_told) {
  FakeAgent agent(server_.address());
  agent.attach(hello_from(getpid()));
  log_.run_until([&] { return agent.is_taken(); });
  agent.side->publish(getpid());
  log_.then = [&] {
    if (!log_.events.empty()) crashes_->on_event(log_.events.back());
  };
  FakeAsker one = asker();
  one.ask(getpid(), kLong);
  answer(one);
  EXPECT_EQ(one.crashes.size(), 1U);
}

TEST_F(QuestionServerTest, a_process_that_is_dead_without_a_crash_is_not_waited_for) {
  FakeAsker one = asker();
  one.ask(dead_pid(), kLong);
  answer(one);
  EXPECT_TRUE(one.crashes.empty());
  EXPECT_TRUE(one.forgotten);
}

TEST_F(QuestionServerTest, a_living_process_is_waited_for_until_it_dies) {
  WaitingChild child;
  FakeAsker one = asker();
  one.ask(child.pid(), kLong);
  run_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(one.has_answer());
  child.die();
  answer(one);
}

TEST_F(QuestionServerTest, a_crash_that_comes_while_it_is_waited_for_is_told) {
  FakeAsker one = asker();
  one.ask(getpid(), kLong);
  run_for(std::chrono::milliseconds(10));
  crashes_->on_event(crash_of(getpid(), "id"));
  answer(one);
  EXPECT_EQ(one.crashes.size(), 1U);
}

TEST_F(QuestionServerTest, a_crash_of_another_user_is_not_told_to_a_user) {
  if (geteuid() == 0) GTEST_SKIP() << "root is told of all";
  crashes_->on_event(crash_of(7, "id", geteuid() + 1));
  FakeAsker one = asker();
  one.ask(7);
  answer(one);
  EXPECT_TRUE(one.crashes.empty());
}

TEST_F(QuestionServerTest, a_question_that_is_none_is_refused_with_the_reason) {
  FakeAsker one = asker();
  auto packet = test::question_bytes(QuestionKind::kCrashesOf, {7});
  packet[offsetof(Question, protocol)] = std::byte{9};
  one.say(packet);
  answer(one);
  EXPECT_THAT(one.refusal, HasSubstr("version 9"));
  EXPECT_FALSE(one.forgotten);
}

TEST_F(QuestionServerTest, without_a_memory_questions_are_refused) {
  AttachServer server(log_.io, log_);
  FakeAsker one(server.address());
  one.ask_for_last();
  answer(one);
  EXPECT_THAT(one.refusal, HasSubstr("remembers no crashes"));
}

TEST_F(QuestionServerTest, where_there_is_room_the_asker_is_told_so) {
  FakeAsker one = asker();
  one.ask_for_room();
  answer(one);
  EXPECT_TRUE(one.has_room);
}

TEST_F(QuestionServerTest, where_there_is_no_room_the_asker_and_the_log_are_told_why) {
  AttachServer server(log_.io, log_, {.sessions_per_user = 1});
  FakeAgent agent(server.address());
  agent.attach(hello_from(getpid()));
  server.drain();
  FakeAsker one(server.address());
  one.ask_for_room();
  answer(one);
  EXPECT_FALSE(one.has_room);
  EXPECT_EQ(one.why_no_room, "too many of its user are watched");
  EXPECT_THAT(log_.message(), HasSubstr("found no room here: too many of its user are watched"));
}

TEST_F(QuestionServerTest, room_that_is_kept_for_one_is_not_given_to_another) {
  AttachServer server(log_.io, log_, {.sessions = 1});
  const pid_t other = fork();
  if (other == 0) {
    FakeAsker(server.address()).ask_for_room();
    _exit(0);
  }
  waitpid(other, nullptr, 0);
  FakeAgent agent(server.address());
  agent.attach(hello_from(getpid()));
  server.drain();
  EXPECT_TRUE(agent.is_heard());
  EXPECT_FALSE(agent.is_taken());
}

TEST_F(QuestionServerTest, room_is_kept_for_the_asker_and_kept_no_longer_once_it_has_its_ring) {
  AttachServer server(log_.io, log_, {.sessions_per_user = 2});
  FakeAsker one(server.address());
  one.ask_for_room();
  answer(one);
  FakeAgent agent(server.address());
  agent.attach(hello_from(getpid()));
  server.drain();
  EXPECT_TRUE(agent.is_taken());
  EXPECT_TRUE(another_has_room(server));
}

TEST_F(QuestionServerTest, of_too_many_askers_the_oldest_is_dropped) {
  std::deque<FakeAsker> askers;
  for (int i = 0; i < 5; ++i) {
    askers.push_back(asker());
    askers.back().ask(getpid(), kLong);
    run_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(askers.front().has_answer());
  EXPECT_FALSE(askers.front().forgotten);
  EXPECT_FALSE(askers[1].has_answer());
}

TEST_F(QuestionServerTest, an_asker_that_hangs_up_leaves_room) {
  std::deque<FakeAsker> askers;
  for (int i = 0; i < 4; ++i) {
    askers.push_back(asker());
    askers.back().ask(getpid(), kLong);
  }
  run_for(std::chrono::milliseconds(5));
  for (std::size_t i = 1; i < askers.size(); ++i) askers[i].hang_up();
  run_for(std::chrono::milliseconds(50));
  FakeAsker one = asker();
  one.ask(dead_pid());
  answer(one);
  EXPECT_FALSE(askers.front().has_answer());
}

TEST_F(QuestionServerTest, an_asker_that_says_more_is_dropped) {
  FakeAsker one = asker();
  one.ask(getpid(), kLong);
  one.ask(getpid(), kLong);
  answer(one);
  EXPECT_FALSE(one.forgotten);
}

TEST_F(QuestionServerTest, an_asker_that_does_not_read_is_dropped_and_told_of) {
  auto crashes = std::make_shared<RecentCrashes>(&long_report, &long_report);
  AttachServer server(log_.io, log_, {.crashes = crashes});
  crashes->on_event(crash_of(7, "id"));
  FakeAsker deaf(server.address());
  deaf.ask(7);
  log_.run_until_events(1);
  EXPECT_THAT(log_.message(), HasSubstr("did not read the answer"));
  FakeAsker other(server.address());
  other.ask(7);
  answer(other);
  EXPECT_EQ(other.crashes.size(), 1U);
  EXPECT_TRUE(deaf.has_answer());
  EXPECT_FALSE(deaf.forgotten);
}

TEST_F(QuestionServerTest, a_server_that_closes_drops_its_askers) {
  FakeAsker one = asker();
  one.ask(getpid(), kLong);
  run_for(std::chrono::milliseconds(5));
  server_.close();
  EXPECT_TRUE(one.has_answer());
  log_.poll();
}

}  // namespace
}  // namespace pyfault
