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

TEST(Text, a_crash_is_reported_whole) {
  expect_golden("text/crash.txt", report(example_crash()));
}

TEST(Text, a_damaged_record_says_what_it_lacks) {
  expect_golden("text/damaged_crash.txt", report(damaged_crash()));
}

TEST(Text, a_dump_is_reported_whole) {
  expect_golden("text/dump.txt", report(example_dump()));
}

TEST(Text, a_crash_with_its_native_stack_is_reported_whole) {
  expect_golden("text/native_crash.txt", report(native_crash()));
}

TEST(Text, a_native_part_in_full_is_unfolded_and_has_registers_and_modules) {
  Event event = event_with(native_crash());
  event.native_full = true;
  expect_golden("text/native_crash_full.txt", format_text(event));
}

TEST(Text, what_the_program_said_of_itself_is_in_the_head) {
  EXPECT_THAT(report(crash_with_context()),
              HasSubstr("\n  annotations: task=resize id=7 user='a b'\n"
                        "  last heartbeat: 1.2 s before\n"
                        "  breadcrumbs:\n"
                        "    2026-11-23T07:40:09.000000Z loaded 12 rows\n"
                        "    2026-11-23T07:40:10.000000Z GET /cart\n"));
}

TEST(Text, annotations_of_another_thread_are_beside_its_name) {
  EXPECT_THAT(report(crash_with_context()),
              HasSubstr(" in asyncio task \"fetch 7\" with task=fetch, most recent call first:\n"));
  EXPECT_THAT(report(crash_with_context()), Not(HasSubstr("with id=7")));
}

TEST(Text, annotations_for_which_there_was_no_room_are_counted) {
  Crash crash = crash_with_context();
  crash.context.annotations_left_out = 3;
  EXPECT_THAT(report(crash), HasSubstr("user='a b' (there was no room for 3 more)\n"));
  crash.context.annotations.clear();
  EXPECT_THAT(report(crash), HasSubstr("\n  annotations: (there was no room for 3)\n"));
}

TEST(Text, a_death_without_a_record_has_what_the_program_said_of_itself) {
  ExitEvent exit = killed_by(SIGKILL);
  exit.context = example_context();
  EXPECT_THAT(format_text(event_with(exit)), HasSubstr("\n  annotations: task=resize id=7"));
  exit.crash_id = "0123456789abcdef0123456789abcdef";
  EXPECT_THAT(format_text(event_with(exit)), Not(HasSubstr("annotations")));
}

TEST(Text, last_words_that_the_diagnosis_repeats_are_said_once) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kLibc, "", "double free"};
  crash.diagnosis = Diagnosis{"heap-corruption", "the heap is corrupted: double free"};
  EXPECT_THAT(report(crash), HasSubstr("\n  diagnosis: the heap is corrupted: double free\n"));
  EXPECT_THAT(report(crash), Not(HasSubstr("last words")));
  crash.diagnosis->text = "it read through a null pointer";
  EXPECT_THAT(report(crash), HasSubstr("\n  last words: double free\n"));
}

TEST(Text, the_worker_is_named) {
  Event event = event_with(example_crash());
  event.worker = "web.3";
  EXPECT_THAT(format_text(event), HasSubstr("\n  worker: web.3\n"));
}

TEST(Text, finalizing_is_said) {
  Crash crash = example_crash();
  crash.python.finalizing = true;
  EXPECT_THAT(report(crash), HasSubstr("  python: CPython 3.11.2, finalizing\n"));
}

TEST(Text, last_words_come_before_the_python_version) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kException, "std::runtime_error", "no table"};
  EXPECT_THAT(report(crash), HasSubstr("\n  last words: std::runtime_error: no table\n  python:"));
}

TEST(Text, what_was_last_on_stderr_keeps_its_lines) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kStderr, "", "E lib.cc:4] CHECK failed\n\x1b[0m"};
  EXPECT_THAT(report(crash),
              HasSubstr("\n  last on stderr: E lib.cc:4] CHECK failed\n    \\x1b[0m\n"));
}

TEST(Text, last_words_may_be_a_type_or_a_text_alone) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kException, "std::bad_alloc", ""};
  EXPECT_THAT(report(crash), HasSubstr("\n  last words: std::bad_alloc\n"));
  crash.last_words = LastWords{LastWords::Source::kLibc, "", "double free"};
  EXPECT_THAT(report(crash), HasSubstr("\n  last words: double free\n"));
}

TEST(Text, a_record_without_a_runtime_section_has_no_version) {
  Crash crash = example_crash();
  crash.python = {};
  EXPECT_THAT(report(crash), HasSubstr("  python: CPython\n"));
}

TEST(Text, a_process_that_is_gone_has_no_name_and_no_command) {
  Event event = event_with(example_crash());
  event.process = {.pid = 1234, .ppid = 0, .name = "", .executable = "", .command = {}};
  EXPECT_THAT(format_text(event), HasSubstr("web1 process[1234] crashed: SIGSEGV"));
  EXPECT_THAT(format_text(event), Not(HasSubstr("command:")));
}

TEST(Text, arguments_can_be_told_apart) {
  Event event = event_with(example_crash());
  event.process.command = {"python3", "-c", "a b\nc", ""};
  EXPECT_THAT(format_text(event), HasSubstr("  command: python3 -c 'a b\\nc' ''\n"));
}

TEST(Text, one_repetition_is_singular) {
  Frame frame = code_frame("app.py", 5, "down");
  frame.repeat = 1;
  EXPECT_THAT(report(frame), HasSubstr("  [Previous line repeated 1 more time]\n"));
}

TEST(Text, overwritten_names_are_doubted) {
  Frame frame = code_frame("app.py", 5, "f");
  frame.file_overwritten = frame.function_overwritten = true;
  EXPECT_THAT(report(frame),
              HasSubstr("  File \"app.py\" (overwritten), line 5, in f (overwritten)\n"));
}

TEST(Text, a_blank_source_line_is_left_out) {
  EXPECT_THAT(report(with_source(code_frame("app.py", 5, "f"), "   ", 0, 3)),
              HasSubstr("line 5, in f\n\nThread 1240"));
}

TEST(Text, a_crash_without_threads_is_still_reported) {
  Crash crash = example_crash();
  crash.threads.clear();
  EXPECT_THAT(report(crash), HasSubstr("crash id: 0123456789abcdef"));
}

TEST(Text, an_incomplete_record_is_never_silent_about_it) {
  Crash crash = example_crash();
  crash.complete = false;
  EXPECT_THAT(report(crash), HasSubstr("  incomplete: for an unknown reason\n"));
}

TEST(Text, a_death_by_signal_without_a_record_is_one_line) {
  EXPECT_EQ(
      format_text(event_with(killed_by(SIGKILL))),
      "2026-11-23T07:40:10.123456Z web1 python3[1234] was killed by SIGKILL; it left no record\n");
}

TEST(Text, a_program_that_was_asked_to_end_has_nothing_to_leave_a_record_of) {
  EXPECT_EQ(format_text(event_with(killed_by(SIGTERM))),
            "2026-11-23T07:40:10.123456Z web1 python3[1234] was killed by SIGTERM\n");
}

TEST(Text, a_death_in_the_programs_own_handler_says_why_there_is_no_record) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.unwatched = unwatched(UnwatchedReason::kHandlerReplaced, "SIGSEGV");
  EXPECT_THAT(
      format_text(event_with(exit)),
      HasSubstr("; it left no record: it had a handler of its own for SIGSEGV, in place of the "
                "agent's\n"));
}

TEST(Text, who_is_not_watched_is_one_line) {
  EXPECT_EQ(format_text(event_with(UnwatchedEvent{unwatched(UnwatchedReason::kSetUserId)})),
            "2026-11-23T07:40:10.123456Z web1 python3[1234] is not watched: it is set-user-ID or "
            "set-group-ID or has file capabilities: the dynamic loader ignores LD_PRELOAD\n");
}

TEST(Text, a_program_that_is_no_python_is_nobodys_news_unless_it_is_a_worker) {
  Event event = event_with(UnwatchedEvent{unwatched(UnwatchedReason::kNotPython)});
  EXPECT_EQ(format_text(event), "");
  event.worker = "web";
  EXPECT_THAT(format_text(event), HasSubstr("worker web python3[1234] is not watched: it runs no"));
}

TEST(Text, of_who_is_not_watched_below_a_worker_the_parents_are_named) {
  Event event =
      event_with(UnwatchedEvent{unwatched(UnwatchedReason::kStaticallyLinked), true, {{12, "sh"}}});
  event.worker = "web";
  EXPECT_EQ(format_text(event),
            "2026-11-23T07:40:10.123456Z web1 python3[1234] is not watched: it is statically "
            "linked: LD_PRELOAD has no effect on it; child of sh[12]\n");
}

TEST(Text, an_unknown_end_of_one_below_that_was_not_watched_is_told) {
  ExitEvent exit;
  exit.is_below = true;
  exit.reason = ExitReason::kUnknown;
  EXPECT_EQ(format_text(event_with(exit)), "");
  exit.unwatched = unwatched(UnwatchedReason::kStaticallyLinked);
  EXPECT_THAT(format_text(event_with(exit)), HasSubstr("; it left no record: it is statically"));
}

TEST(Text, a_record_that_was_left_out_is_not_told_as_none) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.record_left_out = true;
  EXPECT_THAT(format_text(event_with(exit)),
              HasSubstr("; its record may be one of those that were not reported\n"));
}

TEST(Text, a_replaced_handler_is_no_news_while_all_is_well) {
  EXPECT_EQ(format_text(event_with(HandlerReplacedEvent{})), "");
}

TEST(Text, an_oom_kill_is_called_one) {
  ExitEvent exit = killed_by(SIGKILL);
  exit.reason = ExitReason::kOomKilled;
  EXPECT_THAT(
      format_text(event_with(exit)),
      HasSubstr(
          "was killed by SIGKILL (an OOM kill, as its memory cgroup counts); it left no record\n"));
}

TEST(Text, a_core_dump_is_mentioned) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.core_dumped = true;
  EXPECT_THAT(format_text(event_with(exit)), HasSubstr("killed by SIGSEGV (core dumped); it left"));
}

TEST(Text, a_death_that_was_reported_as_a_crash_is_not_repeated) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.crash_id = "0123456789abcdef0123456789abcdef";
  exit.crash_signal = exit.signal;
  EXPECT_EQ(format_text(event_with(exit)), "");
}

TEST(Text, a_death_that_another_signal_cut_short_is_said) {
  ExitEvent exit = killed_by(SIGKILL);
  exit.reason = ExitReason::kOomKilled;
  exit.crash_id = "0123456789abcdef0123456789abcdef";
  exit.crash_signal = SIGSEGV;
  EXPECT_THAT(format_text(event_with(exit)),
              HasSubstr("was killed by SIGKILL (an OOM kill, as its memory cgroup counts) while it "
                        "died of SIGSEGV\n"));
}

TEST(Text, a_program_that_exits_by_itself_leaves_no_word) {
  ExitEvent exit;
  exit.code = 1;
  EXPECT_EQ(format_text(event_with(exit)), "");
}

TEST(Text, a_start_leaves_no_word) {
  EXPECT_EQ(format_text(event_with(StartEvent{})), "");
}

TEST(Text, a_notice_is_one_line) {
  EXPECT_EQ(format_text(event_with(NoticeEvent{"2 crash records were lost"})),
            "2026-11-23T07:40:10.123456Z web1 pyfault-watchdog: 2 crash records were lost\n");
}

}  // namespace
}  // namespace pyfault
