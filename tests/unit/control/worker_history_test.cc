#include "watchdog/control/worker_history.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pyfault {
namespace {

Event of(const std::string& worker, decltype(Event::body) body, std::int64_t time) {
  Event event;
  event.realtime_ns = time;
  event.worker = worker;
  event.body = std::move(body);
  return event;
}

Event crash_of(const std::string& worker, CrashKind kind, std::int64_t time) {
  Crash crash;
  crash.kind = kind;
  crash.id = "c0ffee";
  crash.signal.name = "SIGSEGV";
  return of(worker, crash, time);
}

Event exit_of(const std::string& worker, int code, std::int64_t time) {
  ExitEvent exit;
  exit.code = code;
  exit.reason = "exited";
  return of(worker, exit, time);
}

TEST(WorkerHistory, RemembersTheLastExitAndTheLastCrash) {
  WorkerHistory history;
  history.note(crash_of("web", CrashKind::kCrash, 1));
  history.note(exit_of("web", 1, 2));
  history.note(exit_of("web", 3, 4));
  EXPECT_EQ(history.of("web").last_exit, (LastExit{4, 3, "", "exited"}));
  EXPECT_EQ(history.of("web").last_crash, (LastCrash{1, "c0ffee", "SIGSEGV"}));
}

TEST(WorkerHistory, OfOthersAndOfNobodyThereIsNothing) {
  WorkerHistory history;
  history.note(exit_of("web", 1, 2));
  EXPECT_EQ(history.of("queue").last_exit, std::nullopt);
}

TEST(WorkerHistory, ADumpIsNoCrash) {
  WorkerHistory history;
  history.note(crash_of("web", CrashKind::kDump, 1));
  EXPECT_EQ(history.of("web").last_crash, std::nullopt);
}

TEST(WorkerHistory, WorkersThatAreGoneAreForgotten) {
  WorkerHistory history;
  history.note(exit_of("web", 1, 2));
  history.note(exit_of("queue", 1, 2));
  history.keep_only({"queue"});
  EXPECT_EQ(history.of("web").last_exit, std::nullopt);
  EXPECT_NE(history.of("queue").last_exit, std::nullopt);
}

}  // namespace
}  // namespace pyfault
