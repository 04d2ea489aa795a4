#include "watchdog/ingest/unwatched_below.h"

#include <gmock/gmock.h>

#include <csignal>
#include <memory>
#include <vector>

#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/event_log.h"
#include "tests/unit/ingest/sleeper.h"
#include "watchdog/enrich/process_info.h"

namespace pyfault {
namespace {

using ::testing::HasSubstr;

class UnwatchedBelowTest : public testing::Test {
 protected:
  static UnwatchedProcess unwatched_process(int pid) {
    Process process;
    process.pid = pid;
    return {process, start_ticks(pid), unwatched(UnwatchedReason::kStaticallyLinked)};
  }
  UnwatchedProcess child() const { return unwatched_process(child_.pid()); }
  // It remains a zombie, so every kernel tells its status.
  void kill_child(int signal) const {
    ::kill(child_.pid(), signal);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child_.pid()), &info, WEXITED | WNOWAIT);
  }

  test::EventLog log_;
  test::WaitingChild child_;
  UnwatchedBelow below_{log_.io, log_, nullptr, false};
};

TEST_F(UnwatchedBelowTest, the_end_of_a_process_has_its_signal_and_the_reason) {
  below_.add(child());
  kill_child(SIGABRT);
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exits[0].process.pid, child_.pid());
  EXPECT_EQ(log_.exit().signal, SIGABRT);
  EXPECT_EQ(log_.exit().unwatched, unwatched(UnwatchedReason::kStaticallyLinked));
  EXPECT_EQ(below_.size(), 0U);
}

TEST_F(UnwatchedBelowTest, an_end_that_the_loop_has_not_seen_yet_is_reported_by_drain) {
  below_.add(child());
  kill_child(SIGKILL);
  below_.drain();
  EXPECT_EQ(log_.exits.size(), 1U);
}

TEST_F(UnwatchedBelowTest, the_next_watchdog_reports_the_end) {
  below_.add(child());
  UnwatchedBelow next(log_.io, log_, nullptr, false);
  next.adopt(below_.saved());
  kill_child(SIGKILL);
  next.drain();
  EXPECT_EQ(log_.exits.size(), 1U);
}

TEST_F(UnwatchedBelowTest, an_end_that_no_watchdog_has_seen_is_reported_as_unknown) {
  below_.add(child());
  const auto saved = below_.saved();
  below_.close();
  child_.die();
  UnwatchedBelow next(log_.io, log_, nullptr, false);
  next.adopt(saved);
  EXPECT_TRUE(log_.exits.empty());  // its owner may not be ready for it
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exit().reason, ExitReason::kUnknown);
  EXPECT_EQ(log_.exit().unwatched, unwatched(UnwatchedReason::kStaticallyLinked));
}

// Death by SIGTERM counts as clean, because it was asked for.
TEST_F(UnwatchedBelowTest, a_clean_end_is_reported_only_if_all_are) {
  UnwatchedBelow all(log_.io, log_, nullptr, true);
  below_.add(child());
  all.add(child());
  kill_child(SIGTERM);
  below_.drain();
  EXPECT_TRUE(log_.exits.empty());
  all.drain();
  EXPECT_EQ(log_.exits.size(), 1U);
}

TEST_F(UnwatchedBelowTest, the_handler_of_an_end_may_close_it) {
  const test::WaitingChild other;
  below_.add(child());
  below_.add(unwatched_process(other.pid()));
  log_.then = [this] { below_.close(); };
  ::kill(other.pid(), SIGKILL);
  kill_child(SIGKILL);
  below_.drain();
  EXPECT_EQ(log_.exits.size(), 1U);
}

TEST_F(UnwatchedBelowTest, the_end_of_a_process_that_has_attached_is_not_reported) {
  below_.add(child());
  below_.forget(child_.pid());
  kill_child(SIGKILL);
  below_.drain();
  EXPECT_TRUE(log_.exits.empty());
}

TEST_F(UnwatchedBelowTest, a_process_that_has_reused_the_number_is_not_held) {
  UnwatchedProcess older = child();
  --older.start_ticks;
  below_.add(older);
  EXPECT_EQ(below_.size(), 0U);
}

TEST_F(UnwatchedBelowTest, no_room_is_told_once) {
  std::vector<std::unique_ptr<test::Sleeper>> children;
  for (std::size_t i = 0; i < UnwatchedBelow::kMax + 2; ++i) {
    children.push_back(std::make_unique<test::Sleeper>("/bin/sleep"));
    below_.add(unwatched_process(children.back()->pid()));
  }
  EXPECT_EQ(below_.size(), UnwatchedBelow::kMax);
  ASSERT_EQ(log_.events.size(), 1U);
  EXPECT_THAT(log_.message(), HasSubstr("no room to await its end"));
}

}  // namespace
}  // namespace pyfault
