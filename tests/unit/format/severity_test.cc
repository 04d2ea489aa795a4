#include "watchdog/format/severity.h"

#include <gtest/gtest.h>

#include "tests/unit/format/example_events.h"

namespace pyfault {
namespace {

Severity of(decltype(Event::body) body) {
  return severity_of(event_with(std::move(body)));
}

ExitEvent exited(int code) {
  ExitEvent exit;
  exit.code = code;
  exit.reason = ExitReason::kExited;
  return exit;
}

TEST(Severity, a_crash_is_critical) {
  EXPECT_EQ(of(example_crash()), Severity::kCritical);
}

TEST(Severity, a_dump_that_somebody_asked_for_is_not) {
  EXPECT_EQ(of(example_dump()), Severity::kNotice);
}

TEST(Severity, an_orderly_end_is_information) {
  EXPECT_EQ(of(exited(0)), Severity::kInformation);
  ExitEvent stopped = killed_by(SIGTERM);
  stopped.reason = ExitReason::kStopped;
  EXPECT_EQ(of(stopped), Severity::kInformation);
}

TEST(Severity, an_end_unasked_is_a_warning) {
  EXPECT_EQ(of(exited(3)), Severity::kWarning);
  EXPECT_EQ(of(killed_by(SIGSEGV)), Severity::kWarning);
}

TEST(Severity, an_oom_kill_and_giving_up_are_errors) {
  ExitEvent killed = killed_by(SIGKILL);
  killed.reason = ExitReason::kOomKilled;
  EXPECT_EQ(of(killed), Severity::kError);
  ExitEvent last = exited(3);
  last.after = AfterExit{AfterExit::Decision::kGiveUp, 0, true};
  EXPECT_EQ(of(last), Severity::kError);
}

}  // namespace
}  // namespace pyfault
