// When a process in which a fault has become an exception may be replaced.
#include "watchdog/service/taint_watch.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace pyfault {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class TaintWatchTest : public testing::Test {
 protected:
  ~TaintWatchTest() override {
    for (const int child : children_) end(child);
  }
  int child(bool is_busy) {
    const int pid = ::fork();
    if (pid == 0) {
      while (is_busy) {
      }
      for (;;) ::pause();
    }
    children_.push_back(pid);
    return pid;
  }
  int idle_child() { return child(false); }
  int busy_child() { return child(true); }
  static void end(int pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  TaintWatch& make(milliseconds longest) {
    const auto then = [this](bool is_idle) {
      told_.push_back(is_idle);
      if (std::exchange(first_answer_throws_, false)) throw std::runtime_error("no room");
      return told_.size() == asked_;
    };
    return watch_.emplace(io_, then, TaintPatience{milliseconds(200), longest});
  }

  boost::asio::io_context io_{1};
  std::vector<int> children_;
  std::vector<bool> told_;
  std::size_t asked_ = 1;  // how often, until it is settled
  bool first_answer_throws_ = false;
  std::optional<TaintWatch> watch_;
};

TEST_F(TaintWatchTest, an_idle_process_may_be_replaced) {
  make(hours(1)).add(idle_child());
  while (told_.empty()) io_.run_one();
  EXPECT_THAT(told_, ElementsAre(true));
}

TEST_F(TaintWatchTest, a_busy_process_is_left_alone_for_the_longest_time) {
  make(milliseconds(500)).add(busy_child());
  while (told_.empty()) io_.run_one();
  EXPECT_THAT(told_, ElementsAre(false));
}

TEST_F(TaintWatchTest, what_may_not_be_replaced_yet_is_asked_about_again) {
  asked_ = 3;
  make(hours(1)).add(idle_child());
  io_.run();
  EXPECT_THAT(told_, ElementsAre(true, true, true));
}

TEST_F(TaintWatchTest, an_error_in_replacing_does_not_end_the_watch) {
  asked_ = 2;
  first_answer_throws_ = true;
  make(hours(1)).add(idle_child());
  EXPECT_THROW(io_.run(), std::runtime_error);
  io_.run();
  EXPECT_THAT(told_, ElementsAre(true, true));
}

TEST_F(TaintWatchTest, both_processes_must_be_idle) {
  TaintWatch& watch = make(milliseconds(500));
  watch.add(idle_child());
  watch.add(busy_child());
  while (told_.empty()) io_.run_one();
  EXPECT_THAT(told_, ElementsAre(false));
}

TEST_F(TaintWatchTest, a_process_that_has_ended_need_not_be_replaced) {
  const int pid = busy_child();
  make(hours(1)).add(pid);
  end(pid);
  children_.clear();
  io_.run();
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(TaintWatchTest, what_has_been_replaced_already_is_forgotten) {
  make(hours(1)).add(idle_child());
  watch_->clear();
  io_.run();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace pyfault
