#include "watchdog/ingest/unwatched_below.h"

#include <gmock/gmock.h>

#include <csignal>

#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/enrich/process_info.h"

namespace pyfault {
namespace {

using ::testing::HasSubstr;

class UnwatchedBelowTest : public testing::Test {
 protected:
  UnwatchedProcess child() const {
    Process process;
    process.pid = child_.pid();
    return {process, start_ticks(child_.pid()), unwatched(UnwatchedReason::kStaticallyLinked)};
  }
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
  kill_child(SIGSEGV);
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(log_.exits[0].process.pid, child_.pid());
  EXPECT_EQ(log_.exit().signal, SIGSEGV);
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
  std::vector<std::unique_ptr<test::WaitingChild>> children;
  for (std::size_t i = 0; i < UnwatchedBelow::kMax + 2; ++i) {
    children.push_back(std::make_unique<test::WaitingChild>());
    Process process;
    process.pid = children.back()->pid();
    below_.add({process, start_ticks(process.pid), unwatched(UnwatchedReason::kStaticallyLinked)});
  }
  EXPECT_EQ(below_.size(), UnwatchedBelow::kMax);
  ASSERT_EQ(log_.events.size(), 1U);
  EXPECT_THAT(log_.message(), HasSubstr("no room to await its end"));
}

}  // namespace
}  // namespace pyfault
