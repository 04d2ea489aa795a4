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
  exit.reason = "exited";
  return exit;
}

TEST(Severity, ACrashIsCritical) {
  EXPECT_EQ(of(example_crash()), Severity::kCritical);
}

TEST(Severity, ADumpThatSomebodyAskedForIsNot) {
  EXPECT_EQ(of(example_dump()), Severity::kNotice);
}

TEST(Severity, AnOrderlyEndIsInformation) {
  EXPECT_EQ(of(exited(0)), Severity::kInformation);
  ExitEvent stopped = killed_by(SIGTERM);
  stopped.reason = kWasStopped;
  EXPECT_EQ(of(stopped), Severity::kInformation);
}

TEST(Severity, AnEndUnaskedIsAWarning) {
  EXPECT_EQ(of(exited(3)), Severity::kWarning);
  EXPECT_EQ(of(killed_by(SIGSEGV)), Severity::kWarning);
}

TEST(Severity, AnOomKillAndGivingUpAreErrors) {
  ExitEvent killed = killed_by(SIGKILL);
  killed.reason = kOomKilled;
  EXPECT_EQ(of(killed), Severity::kError);
  ExitEvent last = exited(3);
  last.after = AfterExit{AfterExit::Decision::kGiveUp, 0, true};
  EXPECT_EQ(of(last), Severity::kError);
}

}  // namespace
}  // namespace pyfault
