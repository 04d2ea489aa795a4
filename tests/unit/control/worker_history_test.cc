#include "watchdog/control/worker_history.h"

#include <gmock/gmock.h>

#include <utility>

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::Pair;

Event at(std::int64_t time, decltype(Event::body) body) {
  Event event;
  event.realtime_ns = time;
  event.body = std::move(body);
  return event;
}

Event crash_at(std::int64_t time, CrashKind kind = CrashKind::kCrash) {
  Crash crash;
  crash.kind = kind;
  crash.id = "c0ffee";
  crash.signal.name = "SIGSEGV";
  return at(time, crash);
}

Event exit_at(std::int64_t time, int code, bool is_below = false) {
  ExitEvent exit;
  exit.code = code;
  exit.reason = ExitReason::kExited;
  exit.is_below = is_below;
  return at(time, exit);
}

class WorkerHistoryTest : public testing::Test {
 protected:
  WorkerHistory history_;
};

TEST_F(WorkerHistoryTest, remembers_the_last_exit_and_the_last_crash) {
  history_.on_event(crash_at(1));
  history_.on_event(exit_at(2, 1));
  history_.on_event(exit_at(4, 3));
  EXPECT_EQ(history_.last_exit, (LastExit{4, 3, "", "exited"}));
  EXPECT_EQ(history_.last_crash, (LastCrash{1, "c0ffee", "SIGSEGV"}));
}

TEST_F(WorkerHistoryTest, counts_by_kind) {
  history_.on_event(crash_at(1));
  history_.on_event(crash_at(2));
  history_.on_event(exit_at(3, 1));
  history_.on_event(at(4, UnwatchedEvent{unwatched(UnwatchedReason::kNotPython)}));
  EXPECT_THAT(history_.crashes, ElementsAre(Pair("SIGSEGV", 2)));
  EXPECT_THAT(history_.exits, ElementsAre(Pair("exited", 1)));
  EXPECT_THAT(history_.unwatched, ElementsAre(Pair(name_of(UnwatchedReason::kNotPython), 1)));
}

TEST_F(WorkerHistoryTest, a_dump_is_no_crash) {
  history_.on_event(crash_at(1, CrashKind::kDump));
  EXPECT_EQ(history_, WorkerHistory());
}

TEST_F(WorkerHistoryTest, the_end_of_a_process_below_is_not_its_own) {
  history_.on_event(exit_at(1, 1, true));
  EXPECT_EQ(history_, WorkerHistory());
}

}  // namespace
}  // namespace pyfault
