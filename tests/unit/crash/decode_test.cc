// What is decoded from an undamaged record.
#include "watchdog/crash/decode.h"

#include <gmock/gmock.h>

#include "tests/unit/crash/decode_fixture.h"
#include "watchdog/crash/registers.h"

namespace pyfault::test {
namespace {

using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

TEST_F(DecodeTest, whole_record_is_complete) {
  realistic();
  EXPECT_TRUE(crash().complete);
  EXPECT_EQ(reason(), "");
}

TEST_F(DecodeTest, fault_says_who_when_and_why) {
  begun().end();
  EXPECT_EQ(crash().kind, CrashKind::kCrash);
  EXPECT_EQ(crash().pid, kPid);
  EXPECT_EQ(crash().tid, kTid);
  EXPECT_EQ(crash().realtime_ns, kRealtimeNs);
  EXPECT_EQ(crash().monotonic_ns, kMonotonicNs);
  EXPECT_EQ(crash().signal.name, "SIGSEGV");
}

TEST_F(DecodeTest, caller_names_the_crash) {
  begun().end();
  EXPECT_EQ(crash().id, "");
}

TEST_F(DecodeTest, crash_has_its_fingerprint) {
  realistic();
  EXPECT_THAT(crash().fingerprint, SizeIs(16));
}

TEST_F(DecodeTest, dump_has_no_signal) {
  record.fault(dump_request()).runtime().end();
  EXPECT_EQ(crash().kind, CrashKind::kDump);
  EXPECT_EQ(crash().signal.number, 0);
  EXPECT_EQ(crash().signal.name, "");
}

TEST_F(DecodeTest, a_crash_is_fatal_where_no_handler_of_the_program_stands_behind_it) {
  RuntimeSection section{};
  record.fault().runtime(section).end();
  EXPECT_FALSE(crash().fatal);
  section.fatal = Known::kYes;
  record = RecordBuilder().fault().runtime(section).end();
  EXPECT_TRUE(crash().fatal);
}

TEST_F(DecodeTest, a_crash_that_ends_its_record_is_fatal) {
  begun();
  published = false;
  EXPECT_TRUE(crash().fatal);
}

TEST_F(DecodeTest, final_version_has_no_suffix) {
  record.fault().runtime(0x030b02f0).end();
  EXPECT_EQ(crash().python.version, "3.11.2");
  EXPECT_EQ(crash().python.version_hex, 0x030b02f0u);
}

TEST_F(DecodeTest, prereleases_are_spelt_as_python_does) {
  record.fault().runtime(0x030e00c1).end();
  EXPECT_EQ(crash().python.version, "3.14.0rc1");
  record = RecordBuilder().fault().runtime(0x030f00a7).end();
  EXPECT_EQ(crash().python.version, "3.15.0a7");
  record = RecordBuilder().fault().runtime(0x030d00b2).end();
  EXPECT_EQ(crash().python.version, "3.13.0b2");
}

TEST_F(DecodeTest, runtime_facts_keep_what_is_unknown) {
  RuntimeSection runtime{};
  runtime.free_threaded = Known::kYes;
  runtime.finalizing = Known::kNo;
  runtime.collecting_garbage = Known::kUnknown;
  record.fault().runtime(runtime).end();
  EXPECT_TRUE(crash().python.free_threaded);
  EXPECT_EQ(crash().python.finalizing, false);
  EXPECT_EQ(crash().python.collecting_garbage, std::nullopt);
}

TEST_F(DecodeTest, task_section_names_the_task_of_the_thread_before_it) {
  begun().crashed_thread({}).task("fetch 7").thread({.ident = 0x2}, {}).end();
  EXPECT_EQ(crash().threads.at(0).task, "fetch 7");
  EXPECT_EQ(crash().threads.at(1).task, "");
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, unnamed_task_has_a_number) {
  begun().crashed_thread({}).task(unreadable(), 12).end();
  EXPECT_EQ(crash().threads.at(0).task, "Task-12");
}

TEST_F(DecodeTest, task_of_a_missing_thread_is_ignored) {
  begun().task("lost").crashed_thread({}).task("of another", 0, 0x3).end();
  EXPECT_EQ(crash().threads.at(0).task, "");
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, frame_takes_its_names_from_its_code_object) {
  begun().code("/app/a.py", "A.f", "f").crashed_thread({at(0, 7)}).end();
  EXPECT_EQ(only_frame().kind, Frame::Kind::kCode);
  EXPECT_EQ(only_frame().file, "/app/a.py");
  EXPECT_EQ(only_frame().function, "A.f");
  EXPECT_EQ(only_frame().name, "f");
  EXPECT_EQ(only_frame().code, 0x7f0000010000u);
}

TEST_F(DecodeTest, frames_may_share_a_code_object) {
  begun().code("a.py", "f").code("a.py", "g").crashed_thread({at(1, 1), at(0, 2), at(1, 3)}).end();
  const auto frames = crash().threads.at(0).frames;
  EXPECT_EQ(frames.at(0).function, "g");
  EXPECT_EQ(frames.at(1).function, "f");
  EXPECT_EQ(frames.at(2).function, "g");
}

TEST_F(DecodeTest, function_before_311_is_the_name) {
  begun().code("a.py", "", "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().function, "f");
}

TEST_F(DecodeTest, unreadable_qualified_name_gives_way_to_the_name) {
  begun().code("a.py", unreadable(), "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().function, "f");
  EXPECT_TRUE(only_frame().function_readable);
}

TEST_F(DecodeTest, unreadable_names_are_said_to_be) {
  begun().code(unreadable(), unreadable(), unreadable()).crashed_thread({at(0, 1)}).end();
  EXPECT_FALSE(only_frame().file_readable);
  EXPECT_FALSE(only_frame().function_readable);
  EXPECT_EQ(reason(), "a name cannot be read");
}

TEST_F(DecodeTest, qualified_name_stands_without_the_name) {
  begun().code("a.py", "A.f", unreadable()).crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().function, "A.f");
  EXPECT_TRUE(only_frame().function_readable);
  EXPECT_EQ(only_frame().name, "");
}

TEST_F(DecodeTest, cut_strings_end_in_dots) {
  begun().code(cut("/very/long"), "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().file, "/very/long...");
}

TEST_F(DecodeTest, strings_of_every_unit_size_become_utf_8) {
  begun().code("caf\xe9.py", ucs2(u"\u65e5\u672c"), ucs4(U"\U0001f40d")).crashed_thread({at(0, 1)});
  EXPECT_EQ(only_frame().file, "caf\u00e9.py");
  EXPECT_EQ(only_frame().function, "\u65e5\u672c");
  EXPECT_EQ(only_frame().name, "\U0001f40d");
}

TEST_F(DecodeTest, surrogate_in_a_file_name_is_spelt) {
  begun().code(ucs2(u"bad\xdcff.py"), "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().file, "bad\\udcff.py");
}

TEST_F(DecodeTest, positions_are_kept) {
  begun().code("a.py", "f").crashed_thread({spanning(at(0, 10), 12, 4, 2)}).end();
  EXPECT_THAT(only_frame().line, Optional(10));
  EXPECT_THAT(only_frame().end_line, Optional(12));
  EXPECT_THAT(only_frame().column, Optional(4));
  EXPECT_THAT(only_frame().end_column, Optional(2));
}

TEST_F(DecodeTest, line_without_columns_is_a_line) {
  begun().code("a.py", "f").crashed_thread({at(0, 10)}).end();
  EXPECT_THAT(only_frame().line, Optional(10));
  EXPECT_EQ(only_frame().end_line, std::nullopt);
  EXPECT_EQ(only_frame().column, std::nullopt);
}

TEST_F(DecodeTest, unknown_line_has_no_position_at_all) {
  begun().code("a.py", "f").crashed_thread({spanning(at(0, kUnknownPosition), 3, 1, 2)}).end();
  EXPECT_EQ(only_frame().line, std::nullopt);
  EXPECT_EQ(only_frame().end_line, std::nullopt);
  EXPECT_EQ(only_frame().column, std::nullopt);
  EXPECT_EQ(only_frame().end_column, std::nullopt);
}

TEST_F(DecodeTest, line_zero_is_no_line) {
  begun().code("a.py", "f").crashed_thread({at(0, 0)}).end();
  EXPECT_EQ(only_frame().line, std::nullopt);
}

TEST_F(DecodeTest, end_before_the_start_is_dropped) {
  begun()
      .code("a.py", "f")
      .crashed_thread({spanning(at(0, 10), 10, 8, 4), spanning(at(0, 10), 9, 1, 2)});
  const auto frames = crash().threads.at(0).frames;
  EXPECT_THAT(frames.at(0).column, Optional(8));
  EXPECT_EQ(frames.at(0).end_column, std::nullopt);
  EXPECT_EQ(frames.at(1).end_line, std::nullopt);
}

TEST_F(DecodeTest, folded_frames_are_a_number) {
  begun().code("a.py", "f").crashed_thread({at(0, 1, UINT64_MAX)}).end();
  EXPECT_EQ(only_frame().repeat, UINT64_MAX);
  EXPECT_THAT(crash().threads.at(0).frames, SizeIs(1));
}

TEST_F(DecodeTest, gaps_in_the_stack_are_named) {
  begun().crashed_thread({omitted(12), broken_at(0xbad), cycle()}).end();
  const auto frames = crash().threads.at(0).frames;
  EXPECT_EQ(frames.at(0).kind, Frame::Kind::kOmitted);
  EXPECT_EQ(frames.at(0).omitted, 12u);
  EXPECT_EQ(frames.at(1).kind, Frame::Kind::kUnreadable);
  EXPECT_EQ(frames.at(1).address, 0xbadu);
  EXPECT_EQ(frames.at(2).kind, Frame::Kind::kCycle);
}

TEST_F(DecodeTest, a_broken_stack_of_the_faulting_thread_is_incomplete) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), broken_at(0xbad)}).thread({}, {}).end();
  EXPECT_EQ(reason(), "the chain of frames is broken");
}

TEST_F(DecodeTest, so_is_one_that_is_a_cycle) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), cycle()}).end();
  EXPECT_EQ(reason(), "the chain of frames is broken");
}

TEST_F(DecodeTest, another_threads_stack_may_be_broken) {
  begun().crashed_thread({}).thread({}, {broken_at(0xbad)}).end();
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, frames_that_were_left_out_on_purpose_are_no_gap) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), omitted(70)}).end();
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, a_stack_too_deep_to_be_followed_is_not_called_broken) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), too_deep()}).end();
  EXPECT_EQ(reason(), "the stack is too deep to be followed");
  EXPECT_EQ(crash().threads.at(0).frames.at(1).omitted, 0u);
}

TEST_F(DecodeTest, threads_keep_their_identity) {
  begun().crashed_thread(
      {}, {.tid = 7, .ident = 9, .interpreter = 2, .list_position = 3, .name = "io"});
  const Thread thread = crash().threads.at(0);
  EXPECT_TRUE(thread.crashed);
  EXPECT_THAT(thread.tid, Optional(7));
  EXPECT_EQ(thread.ident, 9u);
  EXPECT_THAT(thread.interpreter, Optional(2));
  EXPECT_EQ(thread.list_position, 3u);
  EXPECT_EQ(thread.name, "io");
}

TEST_F(DecodeTest, thread_without_a_tid_has_none) {
  begun().thread({.tid = 0}, {}).thread({.tid = -5}, {}).end();
  EXPECT_EQ(crash().threads.at(0).tid, std::nullopt);
  EXPECT_EQ(crash().threads.at(1).tid, std::nullopt);
}

TEST_F(DecodeTest, thread_unknown_to_python_has_no_interpreter) {
  begun().crashed_thread({}, {.interpreter = kNoInterpreter}).end();
  EXPECT_EQ(crash().threads.at(0).interpreter, std::nullopt);
}

TEST_F(DecodeTest, unreadable_thread_name_is_empty) {
  begun().thread({.name = unreadable()}, {}).end();
  EXPECT_EQ(crash().threads.at(0).name, "");
}

TEST_F(DecodeTest, thread_names_are_transcoded) {
  begun().thread({.name = "caf\xe9"}, {}).end();
  EXPECT_EQ(crash().threads.at(0).name, "caf\u00e9");
}

TEST_F(DecodeTest, threads_keep_the_order_of_the_record) {
  begun().crashed_thread({}, {.tid = 3}).thread({.tid = 1}, {}).thread({.tid = 2}, {}).end();
  EXPECT_THAT(crash().threads.at(0).tid, Optional(3));
  EXPECT_THAT(crash().threads.at(1).tid, Optional(1));
  EXPECT_THAT(crash().threads.at(2).tid, Optional(2));
}

TEST_F(DecodeTest, crashed_thread_is_first_whatever_the_record_says) {
  begun().thread({.tid = 1}, {}).crashed_thread({}, {.tid = 2}).end();
  EXPECT_THAT(crash().threads.at(0).tid, Optional(2));
}

TEST_F(DecodeTest, crash_without_threads_is_a_crash) {
  begun().end();
  EXPECT_THAT(crash().threads, IsEmpty());
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, registers_have_names) {
  record.fault(with_registers(segfault(0x10), 0x5000)).runtime().end();
  EXPECT_EQ(value_of(crash().registers, "rip"), 0x5000U);
  EXPECT_EQ(value_of(crash().registers, "cr2"), 0x10U);
}

TEST_F(DecodeTest, registers_that_were_not_recorded_are_none) {
  begun().end();
  EXPECT_THAT(crash().registers, IsEmpty());
}

TEST_F(DecodeTest, dump_has_no_registers) {
  record.fault(with_registers(dump_request(), 0x5000)).runtime().end();
  EXPECT_THAT(crash().registers, IsEmpty());
}

TEST_F(DecodeTest, instruction_is_that_at_the_program_counter) {
  record.fault(with_registers(segfault(), 0x5002)).runtime().crashed_thread({});
  record.instruction(0x5000, "\x90\x90\x8b\x07").end();
  const Instruction instruction = crash().instruction.value();
  EXPECT_EQ(instruction.address, 0x5002U);
  EXPECT_EQ(instruction.bytes_address, 0x5000U);
  EXPECT_THAT(instruction.bytes, testing::ElementsAre(0x90, 0x90, 0x8b, 0x07));
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, instruction_without_registers_is_dropped) {
  begun().crashed_thread({}).instruction(0x5000, "\x90").end();
  EXPECT_EQ(crash().instruction, std::nullopt);
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, instruction_comes_after_a_thread_and_once) {
  begun().instruction(0x5000, "\x90").crashed_thread({}).end();
  EXPECT_THAT(reason(), testing::HasSubstr("section out of order"));
  record = RecordBuilder();
  begun().crashed_thread({}).instruction(0x5000, "\x90").instruction(0x5000, "\x90").end();
  EXPECT_THAT(reason(), testing::HasSubstr("section out of order"));
}

TEST_F(DecodeTest, raw_stack_and_its_anchors_are_left_to_others) {
  begun().crashed_thread({});
  record.section(static_cast<std::uint16_t>(SectionTag::kAnchors), kSectionVersion, "anything");
  record.section(static_cast<std::uint16_t>(SectionTag::kStack), kSectionVersion, "").end();
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, sections_of_unknown_tags_are_stepped_over) {
  record.section(99, 7, "before").fault().section(100, 1, "").runtime().section(101, 1, "x").end();
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, longer_sections_of_the_same_version_are_read) {
  begun().section(5, kSectionVersion, std::string(40, '\0'));
  EXPECT_TRUE(crash().complete);
}

}  // namespace
}  // namespace pyfault::test
