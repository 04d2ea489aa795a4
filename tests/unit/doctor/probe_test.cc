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

TEST(ProbeTest, a_whole_report_is_good_and_told) {
  const Verdict verdict = judge_crash(crash_in("read_null"));
  EXPECT_TRUE(verdict.ok);
  EXPECT_EQ(verdict.words, "SIGSEGV (SEGV_MAPERR) in read_null");
}

TEST(ProbeTest, an_incomplete_report) {
  Crash crash = crash_in("read_null");
  crash.complete = false;
  crash.incomplete_reason = "the slot was full";
  expect_failed(judge_crash(std::move(crash)), "incomplete: the slot was full");
}

TEST(ProbeTest, a_report_of_another_place) {
  expect_failed(judge_crash(crash_in("elsewhere")), "read_null() is missing");
}

TEST(ProbeTest, a_report_without_threads) {
  Crash crash = crash_in("read_null");
  crash.threads.clear();
  expect_failed(judge_crash(std::move(crash)), "read_null() is missing");
}

TEST(ProbeTest, a_report_of_another_signal) {
  Crash crash = crash_in("read_null");
  crash.signal.number = SIGBUS;
  crash.signal.name = "SIGBUS";
  expect_failed(judge_crash(std::move(crash)), "SIGBUS is reported, not SIGSEGV");
}

TEST(ProbeTest, a_death_without_a_record) {
  expect_failed(judge(null_read, ended(SIGSEGV)), "killed by SIGSEGV and left no record");
  expect_failed(judge(null_read, ended(SIGKILL)), "killed by SIGKILL");
}

TEST(ProbeTest, a_notice_is_the_reason_where_there_is_one) {
  const Trial trial = ended(SIGSEGV, {of_process(kPid, NoticeEvent{"not known\n"})});
  expect_failed(judge(null_read, trial), "no report: not known\\n");
}

TEST(ProbeTest, a_program_that_did_not_crash_says_why) {
  Trial trial = ended(1 << 8);
  trial.output = "Traceback\nImportError: no ctypes\n";
  expect_failed(judge(null_read, trial), "exited with code 1: ImportError: no ctypes");
}

TEST(ProbeTest, a_program_that_hangs) {
  Trial trial = ended(0);
  trial.wait_status = std::nullopt;
  expect_failed(judge(null_read, trial), "did not end within");
}

TEST(ProbeTest, only_the_childs_crash_counts_for_the_child) {
  const auto report_of = [](int pid) {
    return ended(0, {of_process(pid, crash_in(forked_child.function))});
  };
  EXPECT_TRUE(judge(forked_child, report_of(kPid + 1)).ok);
  expect_failed(judge(forked_child, report_of(kPid)), "no report of the child's crash");
}

}  // namespace
}  // namespace pyfault
