// Processes that are no workers attach to a service, and stay attached when it is restarted.
#include "watchdog/service/guests.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "tests/support/fake_agent.h"
#include "tests/support/fake_manager.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using test::FakeAgent;
using test::hello_from;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class GuestsTest : public testing::Test {
 protected:
  GuestsTest() { ::setenv("RUNTIME_DIRECTORY", folder_.path().c_str(), 1); }
  ~GuestsTest() override { ::unsetenv("RUNTIME_DIRECTORY"); }

  // A watchdog with what the one before it has left.
  void start() {
    std::vector<NamedFd> left = take_stored();
    guests_ = std::make_unique<Guests>(
        Guests::Host{log_.io, notifier_, ledger_, log_, crashes_, attached_}, left);
    EXPECT_THAT(left, IsEmpty());
    guests_->apply(true);
  }
  void leave() {
    guests_->leave();
    guests_.reset();
    log_.poll();
    log_.io.restart();  // it had nothing more to do
  }
  std::string found() const { return fs::read_symlink(folder_.path() / "guests"); }
  FakeAgent guest() {
    FakeAgent agent(found());
    agent.attach(hello_from(getpid()));
    log_.run_until([&] { return agent.is_taken(); });
    return agent;
  }
  void crash(const FakeAgent& agent) {
    agent.side->publish(getpid());
    agent.wake();
    log_.run_until_events(1);
  }
  // What systemd would hand to the next watchdog.
  std::vector<NamedFd> take_stored() {
    std::vector<NamedFd> stored;
    while (auto message = manager_.next()) {
      const std::size_t at = message->text.find("FDNAME=");
      if (at == message->text.npos) continue;
      const std::string name = message->text.substr(at + 7);
      if (message->text.starts_with("FDSTOREREMOVE")) {
        std::erase_if(stored, [&](const NamedFd& each) { return each.name == name; });
      }
      for (UniqueFd& fd : message->descriptors) stored.push_back({name, std::move(fd)});
    }
    return stored;
  }

  test::TempDirectory folder_;
  test::FakeManager manager_;
  test::EventLog log_;
  SystemdNotifier notifier_{log_.io, {manager_.address(), std::chrono::microseconds(0)}};
  Ledger ledger_;
  std::shared_ptr<RecentCrashes> crashes_ =
      std::make_shared<RecentCrashes>(&format_json, &format_text);
  std::shared_ptr<AttachedProcesses> attached_ = std::make_shared<AttachedProcesses>();
  std::unique_ptr<Guests> guests_;
};

TEST_F(GuestsTest, one_that_follows_the_link_is_watched) {
  start();
  const FakeAgent agent = guest();
  EXPECT_EQ(guests_->watched(), 1U);
  EXPECT_EQ(guests_->status()->address, found());
  crash(agent);
  EXPECT_EQ(log_.events.at(0).worker, std::nullopt);
  EXPECT_EQ(log_.events.at(0).process.pid, getpid());
}

TEST_F(GuestsTest, where_none_are_wanted_none_are_taken) {
  start();
  const std::string address = found();
  guests_->apply(false);
  EXPECT_THAT(take_stored(), IsEmpty());
  EXPECT_FALSE(fs::is_symlink(folder_.path() / "guests"));
  EXPECT_FALSE(FakeAgent(address).connected());
  EXPECT_EQ(guests_->status(), std::nullopt);
  guests_->apply(true);
  guest();
}

TEST_F(GuestsTest, a_reload_changes_nothing_for_those_that_are_there) {
  start();
  const std::string address = found();
  const FakeAgent agent = guest();
  guests_->apply(true);
  EXPECT_EQ(found(), address);
  crash(agent);
}

TEST_F(GuestsTest, the_next_watchdog_goes_on_with_them) {
  start();
  const std::string address = found();
  const FakeAgent agent = guest();
  leave();
  start();
  EXPECT_EQ(found(), address);
  EXPECT_EQ(guests_->watched(), 1U);
  crash(agent);
  EXPECT_TRUE(log_.crash().complete);
}

TEST_F(GuestsTest, the_next_watchdog_tells_what_had_crashed) {
  start();
  Event crash;
  crash.process.pid = 77;
  crash.process.uid = 1000;
  crash.body = Crash{};
  crashes_->on_event(crash);
  leave();
  crashes_ = std::make_shared<RecentCrashes>(&format_json, &format_text);
  start();
  EXPECT_TRUE(crashes_->last_of(77, 1000));
}

TEST_F(GuestsTest, what_was_recorded_in_between_is_read_by_the_next) {
  start();
  const FakeAgent agent = guest();
  leave();
  agent.side->publish(getpid());
  start();
  log_.run_until_events(1);
  EXPECT_TRUE(log_.crash().complete);
}

TEST_F(GuestsTest, the_next_watchdog_that_wants_none_drops_them) {
  start();
  guest();
  leave();
  std::vector<NamedFd> left = take_stored();
  EXPECT_THAT(left, SizeIs(4));  // two listeners, the state, and a ring
  guests_ = std::make_unique<Guests>(
      Guests::Host{log_.io, notifier_, ledger_, log_, crashes_, attached_}, left);
  guests_->apply(false);
  EXPECT_THAT(manager_.all_texts(), Contains(StartsWith("FDSTOREREMOVE=1")));
}

TEST_F(GuestsTest, a_state_that_is_of_no_use_costs_the_old_guests_and_no_more) {
  start();
  guest();
  leave();
  std::vector<NamedFd> left = take_stored();
  for (const NamedFd& each : left) {
    if (each.name != "guests.state") continue;
    ASSERT_EQ(::ftruncate(each.fd.get(), 0), 0);
  }
  guests_ = std::make_unique<Guests>(
      Guests::Host{log_.io, notifier_, ledger_, log_, crashes_, attached_}, left);
  guests_->apply(true);
  guest();
}

TEST_F(GuestsTest, a_workers_descriptors_are_left_alone) {
  std::vector<NamedFd> left;
  left.push_back({"guests.x/01/door", UniqueFd(::dup(STDIN_FILENO))});
  const GuestStore store(notifier_, left);
  EXPECT_THAT(left, SizeIs(1));
}

TEST_F(GuestsTest, a_second_service_says_that_it_is_not_found) {
  start();
  SystemdNotifier nobody(log_.io, {});
  std::vector<NamedFd> none;
  Guests others({log_.io, nobody, ledger_, log_, crashes_, attached_}, none);
  others.apply(true);
  EXPECT_THAT(log_.message(), HasSubstr("another service is found there"));
  EXPECT_TRUE(others.status());
}

}  // namespace
}  // namespace pyfault
