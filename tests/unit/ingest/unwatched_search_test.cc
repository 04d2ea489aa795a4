// Real processes below this one, which is the root. One passes for a Python by its name.
#include "watchdog/ingest/unwatched_search.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/support/temp_directory.h"
#include "tests/unit/ingest/event_log.h"
#include "tests/unit/ingest/sleeper.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using test::Sleeper;

class UnwatchedSearchTest : public testing::Test {
 protected:
  UnwatchedSearchTest() { fs::copy_file("/bin/sleep", python_); }

  UnwatchedSearch::Client client() {
    return {[this] {
              if (on_question_) on_question_();
              return watched_;
            },
            [this](int pid) { return held_.contains(pid); },
            [this](const UnwatchedProcess& found) { found_.push_back(found); },
            [this](int pid) { cleared_.insert(pid); }};
  }
  void follow() { search_.follow(::getpid(), client()); }
  void run_until_found(std::size_t count) {
    log_.run_until([&] { return found_.size() >= count; });
  }
  std::set<int> found() const {
    std::set<int> pids;
    for (const UnwatchedProcess& each : found_) pids.insert(each.process.pid);
    return pids;
  }

  static constexpr std::chrono::milliseconds kWait{50};

  test::EventLog log_;
  test::TempDirectory directory_;
  const fs::path python_ = directory_.path() / "python3.99";
  std::set<int> watched_;
  std::set<int> held_;
  std::function<void()> on_question_;  // who is watched
  std::vector<UnwatchedProcess> found_;
  std::set<int> cleared_;
  UnwatchedSearch search_{log_.io, {.first_wait = kWait}};
};

TEST_F(UnwatchedSearchTest, a_python_without_the_agent_is_found_with_its_command) {
  const Sleeper python(python_);
  follow();
  run_until_found(1);
  EXPECT_EQ(found_[0].process.pid, python.pid());
  EXPECT_EQ(found_[0].process.command, std::vector<std::string>({"python3.99", "1000"}));
  EXPECT_EQ(found_[0].why.reason, UnwatchedReason::kAgentNotLoaded);
}

// They are found in the same round, if at all.
TEST_F(UnwatchedSearchTest, neither_a_watched_process_nor_one_without_python_is_found) {
  const Sleeper other("/bin/sleep");
  const Sleeper watched(python_);
  watched_ = {watched.pid()};
  const Sleeper python(python_);
  follow();
  run_until_found(1);
  EXPECT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].process.pid, python.pid());
}

// The client is asked in both rounds, and once more before it is told.
TEST_F(UnwatchedSearchTest, one_look_is_not_enough) {
  const Sleeper python(python_);
  int asked = 0;
  on_question_ = [&] { ++asked; };
  follow();
  run_until_found(1);
  EXPECT_EQ(asked, 3);
}

// When the last one is found, the first one could have been found again.
TEST_F(UnwatchedSearchTest, each_is_found_once) {
  const Sleeper first(python_);
  follow();
  run_until_found(1);
  const Sleeper second(python_);
  run_until_found(2);
  const Sleeper third(python_);
  run_until_found(3);
  EXPECT_EQ(found_[1].process.pid, second.pid());
  EXPECT_EQ(found_[2].process.pid, third.pid());
}

// The other one is found by the same looks.
TEST_F(UnwatchedSearchTest, a_process_that_attaches_between_two_looks_is_not_found) {
  const Sleeper late(python_);
  const Sleeper python(python_);
  int asked = 0;
  on_question_ = [&] {
    if (++asked == 2) watched_ = {late.pid()};
  };
  follow();
  run_until_found(1);
  EXPECT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].process.pid, python.pid());
}

TEST_F(UnwatchedSearchTest, a_root_that_one_client_leaves_is_still_searched_for_another) {
  const Sleeper python(python_);
  const auto first = search_.follow(::getpid(), client());
  follow();
  search_.leave(first);
  run_until_found(1);
}

TEST_F(UnwatchedSearchTest, more_than_one_round_has_looks_for_are_found_in_several) {
  std::vector<std::unique_ptr<Sleeper>> pythons;
  for (std::size_t i = 0; i <= SearchBounds().looks; ++i) {
    pythons.push_back(std::make_unique<Sleeper>(python_));
  }
  follow();
  run_until_found(pythons.size());
}

// The first client leaves in the round in which it could have heard of the other one too.
TEST_F(UnwatchedSearchTest, a_client_may_leave_when_it_hears_of_a_process) {
  const Sleeper one(python_);
  const Sleeper other(python_);
  std::size_t heard = 0;
  UnwatchedSearch::Id id = 0;
  auto leaving = client();
  leaving.on_found = [&](const UnwatchedProcess&) {
    ++heard;
    search_.leave(id);
  };
  id = search_.follow(::getpid(), leaving);
  follow();
  run_until_found(2);
  EXPECT_EQ(heard, 1U);
}

TEST_F(UnwatchedSearchTest, an_error_of_a_client_does_not_end_the_search) {
  const Sleeper python(python_);
  auto failing = client();
  failing.on_found = [](const UnwatchedProcess&) { throw std::runtime_error("no room"); };
  search_.follow(::getpid(), failing);
  EXPECT_THROW(log_.run_until([] { return false; }), std::runtime_error);
  follow();
  run_until_found(1);
}

TEST_F(UnwatchedSearchTest, a_root_that_comes_during_a_round_is_searched_in_a_later_one) {
  const Sleeper python(python_);
  auto first = client();
  first.on_found = [this](const UnwatchedProcess&) { follow(); };
  search_.follow(::getpid(), first);
  run_until_found(1);
}

TEST_F(UnwatchedSearchTest, a_held_process_that_is_no_python_any_more_is_cleared) {
  const Sleeper python(python_);
  const Sleeper other("/bin/sleep");
  held_ = {python.pid(), other.pid()};
  follow();
  log_.run_until([&] { return !cleared_.empty(); });
  EXPECT_EQ(cleared_, std::set<int>{other.pid()});
  EXPECT_TRUE(found_.empty());
}

TEST_F(UnwatchedSearchTest, a_root_for_which_no_reads_are_left_is_searched_in_the_next_round) {
  const Sleeper python(python_);
  std::size_t reads = 1000;
  descendants_of(::getpid(), reads);
  const std::size_t for_one_and_a_little = (1000 - reads) + 3;
  UnwatchedSearch bounded(log_.io, {.reads = for_one_and_a_little, .first_wait = kWait});
  auto first = client();
  first.watched = [&] { return std::set<int>{python.pid()}; };
  bounded.follow(::getpid(), first);
  bounded.follow(::getpid(), client());
  run_until_found(1);
}

}  // namespace
}  // namespace pyfault
