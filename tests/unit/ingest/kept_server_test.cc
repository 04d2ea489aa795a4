// A new watchdog takes over from what the previous one has stored.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/fake_agent.h"
#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/die_recording.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/ingest/attach_server.h"

namespace pyfault {
namespace {

using test::AgentSide;
using test::die_recording;
using test::FakeAgent;
using test::fatal_record;
using test::hello_from;
using test::RecordBuilder;
using test::WaitingChild;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KeptServerTest : public ::testing::Test {
 protected:
  KeptServerTest() {
    before_->set_keeper(
        {[this](std::uint64_t id, int ring, std::function<void()> kept) {
           kept_[id] = UniqueFd(::fcntl(ring, F_DUPFD_CLOEXEC, 0));
           is_kept_ = std::move(kept);
           return has_room_;
         },
         [this] { memory_ = before_->saved(); }, [this](std::uint64_t id) { kept_.erase(id); },
         [this](std::string_view id, const ReportSource& source, std::uint32_t records) {
           return ledger_.take(id, source, records);
         }});
  }

  FakeAgent attached() {
    FakeAgent agent(address_);
    agent.attach(hello_from(getpid()));
    log_.run_until([&] { return agent.is_taken(); });
    return agent;
  }
  std::vector<std::uint32_t> records_in_flight() const {
    Ledger ledger(UniqueFd(::fcntl(ledger_.descriptor(), F_DUPFD_CLOEXEC, 0)));
    std::vector<std::uint32_t> records;
    for (const auto& each : ledger.take_inherited()) records.push_back(each.records);
    return records;
  }
  // Replaces the watchdog as if it had been killed: the new one gets what was stored and nothing
  // else.
  void change_watchdogs() {
    InheritedServer kept{before_->listeners(), {}, 0};
    for (SavedSession& memory : memory_) {
      UniqueFd& ring = kept_[memory.id];
      kept.sessions.push_back({std::move(memory), std::move(ring)});
    }
    before_->leave();
    before_->close();
    after_.emplace(log_.io, log_, limits_, nullptr, std::move(kept));
  }

  Ledger ledger_;
  test::EventLog log_;
  AttachLimits limits_{.all_exits = true};
  std::optional<AttachServer> before_{std::in_place, log_.io, log_, limits_};
  const std::string address_ = before_->address();
  bool has_room_ = true;
  std::function<void()> is_kept_;
  std::map<std::uint64_t, UniqueFd> kept_;
  std::vector<SavedSession> memory_;
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

TEST_F(KeptServerTest, a_wake_up_wakes_the_new_one) {
  const FakeAgent agent = attached();
  change_watchdogs();
  log_.poll();
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
}

TEST_F(KeptServerTest, who_came_while_nobody_was_there_is_found) {
  before_->leave();
  const auto listeners = before_->listeners();
  FakeAgent agent(address_);
  agent.attach(hello_from(getpid()));
  agent.side->publish(getpid());
  change_watchdogs();
  log_.run_until_events(1);
  EXPECT_TRUE(agent.is_taken());
}

TEST_F(KeptServerTest, who_could_not_be_kept_is_watched_and_told_to_count_on_nobody_after_us) {
  has_room_ = false;
  FakeAgent agent(address_);
  agent.attach(hello_from(getpid()));
  log_.run_until([&] { return before_->watches(getpid()); });
  EXPECT_EQ(agent.side->stage(), RingStage::kHeard);
  agent.side->publish(getpid());
  agent.wake();
  log_.run_until_events(1);
  EXPECT_EQ(log_.events[0].process.pid, getpid());
  EXPECT_EQ(agent.side->stage(), RingStage::kHeard);
}

TEST_F(KeptServerTest, who_is_kept_later_is_told_then) {
  has_room_ = false;
  FakeAgent agent(address_);
  agent.attach(hello_from(getpid()));
  log_.run_until([&] { return agent.is_heard(); });
  is_kept_();
  EXPECT_TRUE(agent.is_taken());
}

// It saw the old one die and has recorded its crash again, in another ring.
TEST_F(KeptServerTest, a_ring_that_its_agent_has_given_up_is_not_read) {
  const FakeAgent agent = attached();
  agent.side->publish(getpid());
  ring_header(agent.side->ring())->stage = RingStage::kGivenUp;
  change_watchdogs();
  after_->drain();
  EXPECT_THAT(log_.events, IsEmpty());
  EXPECT_FALSE(after_->watches(getpid()));
}

// Nobody would say hello again.
TEST_F(KeptServerTest, what_a_dead_process_left_is_reported_before_anything_is_stored) {
  const pid_t agent = die_recording(address_);
  waitid(P_PID, static_cast<id_t>(agent), nullptr, WEXITED | WNOWAIT);
  std::vector<std::uint32_t> in_flight;
  log_.then = [&] {
    EXPECT_THAT(kept_, IsEmpty());
    if (in_flight.empty()) in_flight = records_in_flight();
  };
  log_.run_until_events(1);
  EXPECT_FALSE(log_.crash().complete);
  EXPECT_THAT(in_flight, ElementsAre(0U, 1U));  // the arrival, and the crash
  waitpid(agent, nullptr, 0);
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
  const auto memory = after_->saved();
  ASSERT_EQ(memory.size(), 2u);
  EXPECT_NE(memory[0].id, memory[1].id);
}

TEST_F(KeptServerTest, a_ring_that_is_none_is_said_and_left_out) {
  const FakeAgent agent = attached();
  for (auto& [id, session] : kept_) session = UniqueFd(::dup(STDIN_FILENO));
  change_watchdogs();
  EXPECT_THAT(log_.message(), HasSubstr("can't be watched any more"));
  EXPECT_THAT(after_->saved(), IsEmpty());
}

TEST_F(KeptServerTest, one_that_has_the_number_of_the_attached_process_is_not_taken_for_it) {
  const FakeAgent agent = attached();
  for (SavedSession& memory : memory_) ++memory.family.start_ticks;
  change_watchdogs();
  EXPECT_FALSE(after_->watches(getpid()));
}

TEST_F(KeptServerTest, a_process_that_died_between_two_watchdogs_has_an_end) {
  WaitingChild program([this] { FakeAgent(address_).attach(hello_from(getpid())); });
  before_->drain();
  program.die();
  change_watchdogs();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exits[0].process.pid, program.pid());
  EXPECT_EQ(log_.exit().reason, ExitReason::kUnknown);
  log_.run_until([&] { return after_->saved().empty(); });
}

TEST_F(KeptServerTest, a_process_that_attached_and_died_between_two_watchdogs_has_an_end) {
  before_->leave();
  const auto listeners = before_->listeners();
  waitpid(die_recording(address_), nullptr, 0);
  change_watchdogs();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_FALSE(log_.crash().complete);
  log_.run_until([&] { return after_->saved().empty(); });
  EXPECT_THAT(log_.exits, SizeIs(1));
}

TEST_F(KeptServerTest, a_child_that_died_recording_between_two_watchdogs_has_an_end) {
  const FakeAgent agent = attached();
  WaitingChild child;
  agent.side->begin(child.pid(), RecordBuilder().fault().runtime());
  child.die();
  change_watchdogs();
  after_->drain();
  EXPECT_FALSE(log_.crash().complete);
  EXPECT_EQ(log_.exits.at(0).process.pid, child.pid());
}

// The status is not known, and the record is gone.
TEST_F(KeptServerTest, who_died_of_a_crash_that_was_told_before_has_an_end) {
  limits_.all_exits = false;
  WaitingChild program([this] { FakeAgent(address_).attach(hello_from(getpid())); });
  before_->drain();
  AgentSide(kept_.begin()->second).begin(program.pid(), fatal_record()).publish();
  before_->drain();
  memory_ = before_->saved();
  program.die();
  change_watchdogs();
  log_.run_until([&] { return after_->saved().empty(); });
  EXPECT_THAT(log_.events, SizeIs(1));
  EXPECT_THAT(log_.exits, SizeIs(1));
}

TEST_F(KeptServerTest, an_end_that_was_told_is_not_told_again) {
  WaitingChild program([this] { FakeAgent(address_).attach(hello_from(getpid())); });
  before_->drain();
  WaitingChild child;  // keeps the session alive
  AgentSide(kept_.begin()->second).enter_child(child.pid());
  before_->drain();
  program.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  change_watchdogs();
  after_->drain();
  child.die();
  log_.run_until([&] { return after_->saved().empty(); });
  EXPECT_THAT(log_.exits, SizeIs(2));
}

// A session ends one turn of the event loop after its last record. The keeper may have been
// destroyed by then.
TEST_F(KeptServerTest, once_closed_it_has_nothing_to_say_to_its_keeper) {
  const pid_t agent = fork();
  if (agent == 0) {
    FakeAgent(address_).attach(hello_from(getpid()));
    pause();
  }
  log_.run_until([&] { return before_->watches(agent); });
  kill(agent, SIGKILL);
  log_.run_until([&] { return !before_->watches(agent); });
  before_->close();
  log_.poll();
  EXPECT_EQ(kept_.size(), 1u);
  waitpid(agent, nullptr, 0);
}

// The previous watchdog was killed between taking the record and releasing its slot.
TEST_F(KeptServerTest, a_record_that_was_taken_and_not_released_is_not_reported_again) {
  FakeAgent agent = attached();
  const SlotWord published{SlotState::kPublished, 1, getpid()};
  agent.side->slot().taken = published.generation + 1;
  agent.side->slot().state = published.pack();
  change_watchdogs();
  log_.run_until([&] { return agent.side->slot().state != published.pack(); });
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(KeptServerTest, listeners_that_do_not_listen_are_refused) {
  InheritedServer kept;
  kept.listeners.emplace_back(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  EXPECT_THROW(AttachServer(log_.io, log_, {}, nullptr, std::move(kept)), std::runtime_error);
}

}  // namespace
}  // namespace pyfault
