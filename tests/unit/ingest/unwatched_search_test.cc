// Real processes below this one, which is the root. One passes for a Python by its name.
#include "watchdog/ingest/unwatched_search.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "tests/support/temp_directory.h"
#include "tests/unit/ingest/event_log.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

// A program that sleeps, until the test has ended.
class Sleeper {
 public:
  explicit Sleeper(const fs::path& program) {
    std::string name = program.filename();
    std::string time = "1000";
    char* argv[] = {name.data(), time.data(), nullptr};
    if (::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, argv, environ) != 0) pid_ = -1;
  }
  ~Sleeper() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

class UnwatchedSearchTest : public testing::Test {
 protected:
  UnwatchedSearchTest() { fs::copy_file("/bin/sleep", python_); }

  void follow() {
    search_.follow(::getpid(),
                   {[this] {
                      if (on_question_) on_question_();
                      return known_;
                    },
                    [this](const UnwatchedProcess& found) { found_.push_back(found); }});
  }
  void run_until_found(std::size_t count) {
    log_.run_until([&] { return found_.size() >= count; });
  }

  test::EventLog log_;
  test::TempDirectory directory_;
  const fs::path python_ = directory_.path() / "python3.99";
  std::set<int> known_;
  std::function<void()> on_question_;  // who is known
  std::vector<UnwatchedProcess> found_;
  UnwatchedSearch search_{log_.io};
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
TEST_F(UnwatchedSearchTest, neither_who_is_known_nor_what_is_no_python_is_found) {
  const Sleeper other("/bin/sleep");
  const Sleeper known(python_);
  known_ = {known.pid()};
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
TEST_F(UnwatchedSearchTest, who_attaches_between_two_looks_is_not_found) {
  const Sleeper late(python_);
  const Sleeper python(python_);
  int asked = 0;
  on_question_ = [&] {
    if (++asked == 2) known_ = {late.pid()};
  };
  follow();
  run_until_found(1);
  EXPECT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].process.pid, python.pid());
}

TEST_F(UnwatchedSearchTest, a_number_that_was_left_and_is_followed_by_another_is_searched_below) {
  const Sleeper python(python_);
  const auto first = search_.follow(::getpid(), {[] { return std::set<int>(); }, [](auto&&) {}});
  follow();
  search_.leave(first);
  run_until_found(1);
}

TEST_F(UnwatchedSearchTest, more_than_one_round_has_looks_for_are_found_in_several) {
  std::vector<std::unique_ptr<Sleeper>> pythons;
  for (std::size_t i = 0; i <= UnwatchedSearch::kLooksPerRound; ++i) {
    pythons.push_back(std::make_unique<Sleeper>(python_));
  }
  follow();
  run_until_found(pythons.size());
}

TEST_F(UnwatchedSearchTest, the_client_may_leave_when_it_hears_of_one) {
  const Sleeper one(python_);
  const Sleeper other(python_);
  const auto id = std::make_shared<UnwatchedSearch::Id>();
  *id = search_.follow(::getpid(), {[] { return std::set<int>(); },
                                    [this, id](const UnwatchedProcess& found) {
                                      found_.push_back(found);
                                      search_.leave(*id);
                                    }});
  run_until_found(1);
  EXPECT_EQ(found_.size(), 1U);
}

}  // namespace
}  // namespace pyfault
