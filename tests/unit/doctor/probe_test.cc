#include "watchdog/doctor/probe.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <utility>

namespace pyfault {
namespace {

using testing::HasSubstr;

constexpr int kPid = 100;
const Probe& null_read = probes().front();
const Probe& forked_child = probes().back();

Crash crash_in(std::string_view function) {
  Crash crash;
  crash.signal.number = SIGSEGV;
  crash.signal.name = "SIGSEGV";
  crash.signal.code_name = "SEGV_MAPERR";
  Thread thread;
  thread.crashed = true;
  thread.frames.emplace_back();
  thread.frames[0].name = thread.frames[0].function = function;
  crash.threads.push_back(std::move(thread));
  return crash;
}

Trial ended(int wait_status, std::vector<Event> events = {}) {
  return {kPid, std::move(events), "", wait_status};
}

Event of_process(int pid, decltype(Event::body) body) {
  Event event;
  event.process.pid = pid;
  event.body = std::move(body);
  return event;
}

Verdict judge_crash(Crash crash) {
  return judge(null_read, ended(SIGSEGV, {of_process(kPid, std::move(crash))}));
}

void expect_failed(const Verdict& verdict, const std::string& reason) {
  EXPECT_FALSE(verdict.ok);
  EXPECT_THAT(verdict.words, HasSubstr(reason));
}

TEST(ProbeTest, AWholeReportIsGoodAndTold) {
  const Verdict verdict = judge_crash(crash_in("read_null"));
  EXPECT_TRUE(verdict.ok);
  EXPECT_EQ(verdict.words, "SIGSEGV (SEGV_MAPERR) in read_null");
}

TEST(ProbeTest, AnIncompleteReport) {
  Crash crash = crash_in("read_null");
  crash.complete = false;
  crash.incomplete_reason = "the slot was full";
  expect_failed(judge_crash(std::move(crash)), "incomplete: the slot was full");
}

TEST(ProbeTest, AReportOfAnotherPlace) {
  expect_failed(judge_crash(crash_in("elsewhere")), "read_null() is missing");
}

TEST(ProbeTest, AReportWithoutThreads) {
  Crash crash = crash_in("read_null");
  crash.threads.clear();
  expect_failed(judge_crash(std::move(crash)), "read_null() is missing");
}

TEST(ProbeTest, AReportOfAnotherSignal) {
  Crash crash = crash_in("read_null");
  crash.signal.number = SIGBUS;
  crash.signal.name = "SIGBUS";
  expect_failed(judge_crash(std::move(crash)), "SIGBUS is reported, not SIGSEGV");
}

TEST(ProbeTest, ADeathWithoutARecord) {
  expect_failed(judge(null_read, ended(SIGSEGV)), "killed by SIGSEGV and left no record");
  expect_failed(judge(null_read, ended(SIGKILL)), "killed by SIGKILL");
}

TEST(ProbeTest, ANoticeIsTheReasonWhereThereIsOne) {
  const Trial trial = ended(SIGSEGV, {of_process(kPid, NoticeEvent{"not known\n"})});
  expect_failed(judge(null_read, trial), "no report: not known\\n");
}

TEST(ProbeTest, AProgramThatDidNotCrashSaysWhy) {
  Trial trial = ended(1 << 8);
  trial.output = "Traceback\nImportError: no ctypes\n";
  expect_failed(judge(null_read, trial), "exited with code 1: ImportError: no ctypes");
}

TEST(ProbeTest, AProgramThatHangs) {
  Trial trial = ended(0);
  trial.wait_status = std::nullopt;
  expect_failed(judge(null_read, trial), "did not end within");
}

TEST(ProbeTest, OnlyTheChildsCrashCountsForTheChild) {
  const auto report_of = [](int pid) {
    return ended(0, {of_process(pid, crash_in(forked_child.function))});
  };
  EXPECT_TRUE(judge(forked_child, report_of(kPid + 1)).ok);
  expect_failed(judge(forked_child, report_of(kPid)), "no report of the child's crash");
}

}  // namespace
}  // namespace pyfault
