#include <gmock/gmock.h>

#include "tests/unit/format/example_events.h"
#include "tests/unit/format/golden.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string report(Crash crash) {
  return format_text(event_with(std::move(crash)));
}

std::string report(Frame frame) {
  Crash crash = example_crash();
  crash.threads[0].frames = {std::move(frame)};
  return report(std::move(crash));
}

TEST(Text, ACrashIsReportedWhole) {
  expect_golden("text/crash.txt", report(example_crash()));
}

TEST(Text, ADamagedRecordSaysWhatItLacks) {
  expect_golden("text/damaged_crash.txt", report(damaged_crash()));
}

TEST(Text, ADumpIsReportedWhole) {
  expect_golden("text/dump.txt", report(example_dump()));
}

TEST(Text, TheWorkerIsNamed) {
  Event event = event_with(example_crash());
  event.worker = "web.3";
  EXPECT_THAT(format_text(event), HasSubstr("\n  worker: web.3\n"));
}

TEST(Text, FinalizingIsSaid) {
  Crash crash = example_crash();
  crash.python.finalizing = true;
  EXPECT_THAT(report(crash), HasSubstr("  python: CPython 3.11.2, finalizing\n"));
}

TEST(Text, LastWordsComeBeforeThePythonVersion) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kException, "std::runtime_error", "no table"};
  EXPECT_THAT(report(crash), HasSubstr("\n  last words: std::runtime_error: no table\n  python:"));
}

TEST(Text, WhatWasLastOnStderrKeepsItsLines) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kStderr, "", "E lib.cc:4] CHECK failed\n\x1b[0m"};
  EXPECT_THAT(report(crash),
              HasSubstr("\n  last on stderr: E lib.cc:4] CHECK failed\n    \\x1b[0m\n"));
}

TEST(Text, LastWordsMayBeATypeOrATextAlone) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kException, "std::bad_alloc", ""};
  EXPECT_THAT(report(crash), HasSubstr("\n  last words: std::bad_alloc\n"));
  crash.last_words = LastWords{LastWords::Source::kLibc, "", "double free"};
  EXPECT_THAT(report(crash), HasSubstr("\n  last words: double free\n"));
}

TEST(Text, ARecordWithoutARuntimeSectionHasNoVersion) {
  Crash crash = example_crash();
  crash.python = {};
  EXPECT_THAT(report(crash), HasSubstr("  python: CPython\n"));
}

TEST(Text, AProcessThatIsGoneHasNoNameAndNoCommand) {
  Event event = event_with(example_crash());
  event.process = {.pid = 1234, .ppid = 0, .name = "", .executable = "", .command = {}};
  EXPECT_THAT(format_text(event), HasSubstr("web1 process[1234] crashed: SIGSEGV"));
  EXPECT_THAT(format_text(event), Not(HasSubstr("command:")));
}

TEST(Text, ArgumentsCanBeToldApart) {
  Event event = event_with(example_crash());
  event.process.command = {"python3", "-c", "a b\nc", ""};
  EXPECT_THAT(format_text(event), HasSubstr("  command: python3 -c 'a b\\nc' ''\n"));
}

TEST(Text, OneRepetitionIsSingular) {
  Frame frame = code_frame("app.py", 5, "down");
  frame.repeat = 1;
  EXPECT_THAT(report(frame), HasSubstr("  [Previous line repeated 1 more time]\n"));
}

TEST(Text, OverwrittenNamesAreDoubted) {
  Frame frame = code_frame("app.py", 5, "f");
  frame.file_overwritten = frame.function_overwritten = true;
  EXPECT_THAT(report(frame),
              HasSubstr("  File \"app.py\" (overwritten), line 5, in f (overwritten)\n"));
}

TEST(Text, ABlankSourceLineIsLeftOut) {
  EXPECT_THAT(report(with_source(code_frame("app.py", 5, "f"), "   ", 0, 3)),
              HasSubstr("line 5, in f\n\nThread 1240"));
}

TEST(Text, ACrashWithoutThreadsIsStillReported) {
  Crash crash = example_crash();
  crash.threads.clear();
  EXPECT_THAT(report(crash), HasSubstr("crash id: 0123456789abcdef"));
}

TEST(Text, AnIncompleteRecordIsNeverSilentAboutIt) {
  Crash crash = example_crash();
  crash.complete = false;
  EXPECT_THAT(report(crash), HasSubstr("  incomplete: for an unknown reason\n"));
}

TEST(Text, ADeathBySignalWithoutARecordIsOneLine) {
  EXPECT_EQ(
      format_text(event_with(killed_by(SIGKILL))),
      "2026-11-23T07:40:10.123456Z web1 python3[1234] was killed by SIGKILL; it left no record\n");
}

TEST(Text, AProgramThatWasAskedToEndHasNothingToLeaveARecordOf) {
  EXPECT_EQ(format_text(event_with(killed_by(SIGTERM))),
            "2026-11-23T07:40:10.123456Z web1 python3[1234] was killed by SIGTERM\n");
}

TEST(Text, ADeathInTheProgramsOwnHandlerSaysWhyThereIsNoRecord) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.unwatched = unwatched(UnwatchedReason::kHandlerReplaced, "SIGSEGV");
  EXPECT_THAT(
      format_text(event_with(exit)),
      HasSubstr("; it left no record: it had a handler of its own for SIGSEGV, in place of the "
                "agent's\n"));
}

TEST(Text, WhoIsNotWatchedIsOneLine) {
  EXPECT_EQ(format_text(event_with(UnwatchedEvent{unwatched(UnwatchedReason::kSetUserId)})),
            "2026-11-23T07:40:10.123456Z web1 python3[1234] is not watched: it is set-user-ID or "
            "set-group-ID or has file capabilities: the dynamic loader ignores LD_PRELOAD\n");
}

TEST(Text, AProgramThatIsNoPythonIsNobodysNewsUnlessItIsAWorker) {
  Event event = event_with(UnwatchedEvent{unwatched(UnwatchedReason::kNotPython)});
  EXPECT_EQ(format_text(event), "");
  event.worker = "web";
  EXPECT_THAT(format_text(event), HasSubstr("worker web python3[1234] is not watched: it runs no"));
}

TEST(Text, ARecordThatWasLeftOutIsNotToldAsNone) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.record_left_out = true;
  EXPECT_THAT(format_text(event_with(exit)),
              HasSubstr("; its record may be one of those that were not reported\n"));
}

TEST(Text, AReplacedHandlerIsNoNewsWhileAllIsWell) {
  EXPECT_EQ(format_text(event_with(HandlerReplacedEvent{})), "");
}

TEST(Text, AnOomKillIsCalledOne) {
  ExitEvent exit = killed_by(SIGKILL);
  exit.reason = kOomKilled;
  EXPECT_THAT(
      format_text(event_with(exit)),
      HasSubstr(
          "was killed by SIGKILL (an OOM kill, as its memory cgroup counts); it left no record\n"));
}

TEST(Text, ACoreDumpIsMentioned) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.core_dumped = true;
  EXPECT_THAT(format_text(event_with(exit)), HasSubstr("killed by SIGSEGV (core dumped); it left"));
}

TEST(Text, ADeathThatWasReportedAsACrashIsNotRepeated) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.crash_id = "0123456789abcdef0123456789abcdef";
  exit.crash_signal = exit.signal;
  EXPECT_EQ(format_text(event_with(exit)), "");
}

TEST(Text, ADeathThatAnotherSignalCutShortIsSaid) {
  ExitEvent exit = killed_by(SIGKILL);
  exit.reason = kOomKilled;
  exit.crash_id = "0123456789abcdef0123456789abcdef";
  exit.crash_signal = SIGSEGV;
  EXPECT_THAT(format_text(event_with(exit)),
              HasSubstr("was killed by SIGKILL (an OOM kill, as its memory cgroup counts) while it "
                        "died of SIGSEGV\n"));
}

TEST(Text, AProgramThatExitsByItselfLeavesNoWord) {
  ExitEvent exit;
  exit.code = 1;
  EXPECT_EQ(format_text(event_with(exit)), "");
}

TEST(Text, AStartLeavesNoWord) {
  EXPECT_EQ(format_text(event_with(StartEvent{})), "");
}

TEST(Text, ANoticeIsOneLine) {
  EXPECT_EQ(format_text(event_with(NoticeEvent{"2 crash records were lost"})),
            "2026-11-23T07:40:10.123456Z web1 pyfault-watchdog: 2 crash records were lost\n");
}

}  // namespace
}  // namespace pyfault
