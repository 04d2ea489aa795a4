#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/event_schema.h"
#include "tests/unit/format/example_events.h"
#include "tests/unit/format/golden.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

using Json = nlohmann::ordered_json;

Json parsed(const Event& event) {
  const std::string line = format_json(event);
  EXPECT_EQ(test::schema_errors(nlohmann::json::parse(line)), "") << line;
  return Json::parse(line);
}

Json parsed(decltype(Event::body) body) {
  return parsed(event_with(std::move(body)));
}

std::string indented(decltype(Event::body) body) {
  return parsed(std::move(body)).dump(2) + "\n";
}

Json only_frame(Frame frame) {
  Crash crash = example_crash();
  crash.threads[0].frames = {std::move(frame)};
  return parsed(crash)["threads"][0]["frames"][0];
}

TEST(Json, a_crash_is_reported_whole) {
  expect_golden("json/crash.json", indented(example_crash()));
}

TEST(Json, a_damaged_record_is_reported_whole) {
  expect_golden("json/damaged_crash.json", indented(damaged_crash()));
}

TEST(Json, a_dump_is_reported_whole) {
  expect_golden("json/dump.json", indented(example_dump()));
}

TEST(Json, a_crash_with_its_native_stack_is_reported_whole) {
  expect_golden("json/native_crash.json", indented(native_crash()));
}

TEST(Json, what_the_program_said_of_itself_is_in_crashes_dumps_and_exits) {
  ExitEvent exit = killed_by(SIGKILL);
  exit.context = example_context();
  Crash dump = crash_with_context();
  dump.kind = CrashKind::kDump;
  dump.signal = {};
  for (const Json& event : {parsed(crash_with_context()), parsed(dump), parsed(exit)}) {
    EXPECT_EQ(event["annotations"].dump(), R"({"task":"resize","id":"7","user":"a b"})");
    EXPECT_EQ(event["breadcrumbs"].dump(),
              R"([{"time":"2026-11-23T07:40:09.000000Z","text":"loaded 12 rows"},)"
              R"({"time":"2026-11-23T07:40:10.000000Z","text":"GET /cart"}])");
    EXPECT_EQ(event["heartbeat_age_seconds"], 1.25);
    EXPECT_FALSE(event.contains("annotations_left_out"));
  }
}

TEST(Json, a_crash_of_a_program_that_said_nothing_has_empty_lists_and_an_exit_has_none) {
  const Json crash = parsed(example_crash());
  EXPECT_EQ(crash["annotations"], Json::object());
  EXPECT_EQ(crash["breadcrumbs"], Json::array());
  EXPECT_EQ(crash["heartbeat_age_seconds"], nullptr);
  EXPECT_FALSE(parsed(killed_by(SIGKILL)).contains("annotations"));
}

TEST(Json, annotations_of_a_thread_are_beside_its_frames) {
  const Json threads = parsed(crash_with_context())["threads"];
  EXPECT_EQ(threads[0]["annotations"].dump(), R"({"id":"7"})");
  EXPECT_EQ(threads[1]["annotations"].dump(), R"({"task":"fetch"})");
  EXPECT_FALSE(parsed(example_crash())["threads"][0].contains("annotations"));
}

TEST(Json, annotations_for_which_there_was_no_room_are_counted) {
  Crash crash = example_crash();
  crash.context.annotations_left_out = 3;
  EXPECT_EQ(parsed(crash)["annotations_left_out"], 3);
}

TEST(Json, every_kind_of_stack_entry_fits_the_schema) {
  Crash crash = native_crash();
  NativeFrame nowhere;
  nowhere.address = 0xdeadbeef;
  nowhere.signal_frame = true;
  StackEntry entry;
  entry.native = nowhere;
  for (const Trust trust : {Trust::kContext, Trust::kCfi, Trust::kFramePointer, Trust::kTrampoline,
                            Trust::kTopOfStack, Trust::kScan}) {
    crash.threads[0].stack.push_back(with_trust(entry, trust));
  }
  crash.threads[0].stack.push_back(omitted_entries(7));
  crash.threads[0].stack.push_back(omitted_entries(std::nullopt));
  for (const auto merge :
       {NativeStack::Merge::kNone, NativeStack::Merge::kAnchors, NativeStack::Merge::kSymbols}) {
    crash.threads[0].native = NativeStack{false, "it ends early", merge};
    const Json stack = parsed(crash)["threads"][0]["stack"];
    EXPECT_EQ(stack[stack.size() - 2].dump(), R"({"omitted":7})");
    EXPECT_EQ(stack[stack.size() - 1].dump(), R"({"omitted":null})");
    EXPECT_EQ(stack[stack.size() - 3]["trust"], "scan");
    EXPECT_EQ(stack[stack.size() - 3]["module"], nullptr);
  }
}

TEST(Json, an_instruction_begins_at_the_program_counter) {
  Crash crash = native_crash();
  EXPECT_EQ(parsed(crash)["instruction"].dump(),
            R"({"address":"0x7f0000001139","bytes":"8b07c3","bytes_before":"89c8"})");
  crash.instruction = Instruction{0x1000, 0x1000, {0xf4}};
  EXPECT_EQ(parsed(crash)["instruction"].dump(),
            R"({"address":"0x1000","bytes":"f4","bytes_before":null})");
}

TEST(Json, machine_code_that_is_elsewhere_is_none_of_the_instruction) {
  Crash crash = native_crash();
  crash.instruction = Instruction{0x1000, 0x2000, {0xf4}};
  EXPECT_EQ(parsed(crash)["instruction"]["bytes"], nullptr);
  crash.instruction = Instruction{0x3000, 0x2000, {0xf4}};
  EXPECT_EQ(parsed(crash)["instruction"]["bytes"], nullptr);
}

TEST(Json, the_diagnosis_is_part_of_the_sentence) {
  EXPECT_EQ(parsed(native_crash())["message"],
            "python3[1234] crashed: SIGSEGV (SEGV_MAPERR) in leaf, app.py line 3: it read 0x10, a "
            "null pointer plus an offset; the address was rdi");
}

TEST(Json, an_exit_is_reported_whole) {
  expect_golden("json/exit.json", indented(killed_by(SIGKILL)));
}

TEST(Json, a_start_is_reported_whole) {
  expect_golden("json/start.json", indented(StartEvent{}));
}

TEST(Json, a_notice_is_reported_whole) {
  expect_golden("json/notice.json", indented(NoticeEvent{"2 crash records were lost"}));
}

TEST(Json, an_event_is_one_line) {
  const std::string line = format_json(event_with(damaged_crash()));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(Json, an_exit_by_itself_has_a_code_and_no_signal) {
  ExitEvent exit;
  exit.code = 3;
  exit.reason = ExitReason::kExited;
  EXPECT_EQ(parsed(exit)["exit"].dump(), R"({"code":3,"signal":null,"core_dumped":false})");
}

TEST(Json, last_words_say_whose_they_are) {
  Crash crash = example_crash();
  crash.last_words = LastWords{LastWords::Source::kLibc, "", "double free"};
  EXPECT_EQ(parsed(crash)["last_words"].dump(),
            R"({"source":"libc","type":null,"text":"double free"})");
  crash.last_words->source = LastWords::Source::kPython;
  EXPECT_EQ(parsed(crash)["last_words"]["source"], "python");
}

TEST(Json, an_exit_names_the_crash_that_caused_it) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.crash_id = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(parsed(exit)["crash"], "0123456789abcdef0123456789abcdef");
}

TEST(Json, a_signal_is_the_same_kind_of_thing_everywhere) {
  EXPECT_EQ(parsed(HandlerReplacedEvent{SIGSEGV})["signal"].dump(),
            R"({"number":11,"name":"SIGSEGV"})");
  EXPECT_EQ(parsed(example_crash())["signal"]["number"], 11);
}

TEST(Json, every_event_is_one_sentence_and_a_level) {
  const Json crash = parsed(example_crash());
  EXPECT_EQ(crash["message"],
            "python3[1234] crashed: SIGSEGV (SEGV_MAPERR) in Worker.run, app.py line 3");
  EXPECT_EQ(crash["level"], "critical");
  const Json exit = parsed(killed_by(SIGKILL));
  EXPECT_EQ(exit["message"], "python3[1234] was killed by SIGKILL after 12.5 s");
  EXPECT_EQ(exit["level"], "warning");
}

TEST(Json, whose_handler_there_was_may_be_unknown) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.handler_replaced.reset();
  EXPECT_EQ(parsed(exit)["handler_replaced"], nullptr);
}

TEST(Json, a_member_that_the_schema_does_not_know_is_found) {
  Json event = parsed(StartEvent{});
  event["novelty"] = 1;
  EXPECT_THAT(test::schema_errors(event), testing::HasSubstr("novelty"));
  event = parsed(StartEvent{});
  event["level"] = 6;
  EXPECT_THAT(test::schema_errors(event), testing::HasSubstr("level"));
}

TEST(Json, the_worker_is_named) {
  Event event = event_with(StartEvent{});
  event.worker = "web.3";
  EXPECT_EQ(parsed(event)["worker"], "web.3");
}

TEST(Json, what_is_not_known_of_a_process_is_null) {
  Event event = event_with(StartEvent{});
  event.process = {.pid = 1234, .ppid = 0, .name = "", .executable = "", .command = {}};
  EXPECT_EQ(parsed(event)["process"].dump(),
            R"({"pid":1234,"ppid":null,"name":null,"executable":null,"command":[]})");
}

TEST(Json, repeat_counts_folded_frames) {
  Frame frame = code_frame("app.py", 5, "down");
  EXPECT_EQ(only_frame(frame)["repeat"], 0);
  frame.repeat = 149;
  EXPECT_EQ(only_frame(frame)["repeat"], 149);
}

TEST(Json, overwritten_names_are_listed) {
  Frame frame = code_frame("app.py", 5, "f");
  EXPECT_FALSE(only_frame(frame).contains("overwritten"));
  frame.function_overwritten = true;
  EXPECT_EQ(only_frame(frame)["overwritten"].dump(), R"(["function"])");
  frame.file_overwritten = true;
  EXPECT_EQ(only_frame(frame)["overwritten"].dump(), R"(["file","function"])");
}

TEST(Json, source_keeps_its_indentation) {
  const Frame frame = with_source(code_frame("app.py", 5, "f"), "    a + b", 4, 9);
  EXPECT_EQ(only_frame(frame)["source"], "    a + b");
}

TEST(Json, other_kinds_of_frames_hold_just_what_they_are) {
  EXPECT_EQ(only_frame(omitted_frames(7)).dump(), R"({"omitted":7})");
  EXPECT_EQ(only_frame(omitted_frames(0)).dump(), R"({"omitted":null})");
  EXPECT_EQ(only_frame(unreadable_frame(0xbad)).dump(), R"({"unreadable":"0xbad"})");
  EXPECT_EQ(only_frame(cycle_frame()).dump(), R"({"cycle":true})");
}

TEST(Json, decoding_gives_the_original_text_back) {
  const std::string name = "f\"\\\n\x1b\x7f\u009b\u202e\u2028名\U000e0041";
  EXPECT_EQ(only_frame(code_frame("app.py", 5, name))["function"], name);
}

TEST(Json, ordinary_unicode_is_written_as_it_is) {
  EXPECT_THAT(format_json(event_with(NoticeEvent{"名前 é"})), testing::HasSubstr("名前 é"));
}

TEST(Json, a_command_that_is_not_utf_8_is_still_reported) {
  Event event = event_with(StartEvent{});
  event.process.command = {"\xff.py"};
  EXPECT_EQ(parsed(event)["process"]["command"][0], "\ufffd.py");
}

}  // namespace
}  // namespace pyfault
