// How events about the workers of a service look as text and as JSON.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/event_schema.h"
#include "tests/unit/format/example_events.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

Event of_worker(decltype(Event::body) body) {
  Event event = event_with(std::move(body));
  event.worker = "web";
  return event;
}

std::string text(decltype(Event::body) body) {
  return format_text(of_worker(std::move(body)));
}

json parsed(const Event& event) {
  json read = json::parse(format_json(event));
  EXPECT_EQ(test::schema_errors(read), "");
  return read;
}

ExitEvent exited_with(int code) {
  ExitEvent exit;
  exit.code = code;
  exit.reason = ExitReason::kExited;
  exit.uptime_seconds = 2;
  return exit;
}

Event crash_of_worker(WorkerCrash about, const std::string& output = "") {
  Event event = of_worker(example_crash());
  event.worker_crash = std::move(about);
  event.last_output = LastOutput{output};
  return event;
}

// An output that ends with an abbreviated traceback.
LastOutput output_with_exception() {
  return {"starting\nTraceback ...\nValueError: no\n", 0,
          RaisedException{"ValueError", "no\nmore", "Traceback ...\nValueError: no", "feed"}};
}

Event end_of_worker(int code, LastOutput output) {
  ExitEvent exit = exited_with(code);
  Event event = of_worker(std::move(exit));
  event.last_output = std::move(output);
  return event;
}

TEST(Worker, its_start_is_a_line) {
  EXPECT_THAT(text(StartEvent{}), HasSubstr(" worker web python3[1234] started: "));
}

TEST(Worker, its_end_is_a_line_that_says_what_comes_next) {
  ExitEvent exit = exited_with(3);
  exit.after = AfterExit{AfterExit::Decision::kRestart, 1.5, false};
  EXPECT_THAT(text(exit),
              EndsWith(" exited with code 3 after 2.0 s; to be started again in 1.5 s\n"));
  exit.after = AfterExit{AfterExit::Decision::kGiveUp, 0, true};
  EXPECT_THAT(text(exit), EndsWith(" after 2.0 s; given up\n"));
  exit.after = AfterExit{};
  EXPECT_THAT(text(exit), EndsWith(" exited with code 3 after 2.0 s\n"));
}

TEST(Worker, its_end_names_the_crash) {
  ExitEvent exit = killed_by(SIGSEGV);
  exit.crash_id = "abc";
  EXPECT_THAT(text(exit), EndsWith(" was killed by SIGSEGV (crash abc) after 12.5 s\n"));
}

TEST(Worker, an_end_of_unknown_status_says_so) {
  ExitEvent exit;
  exit.reason = ExitReason::kUnknown;
  exit.is_below = true;
  EXPECT_THAT(text(exit), EndsWith(" ended, it is not known how\n"));
  const json event = parsed(of_worker(exit));
  EXPECT_EQ(event["uptime_seconds"], json());
  EXPECT_THAT(event["message"], EndsWith(" ended, it is not known how"));
  exit.uptime_seconds = 2;
  EXPECT_THAT(text(exit), EndsWith(" ended, it is not known how, after 2.0 s\n"));
}

TEST(Worker, a_start_that_failed_says_why) {
  ExitEvent exit = exited_with(127);
  exit.reason = ExitReason::kStartFailed;
  exit.detail = "cannot run 'x': not\nfound";
  EXPECT_THAT(text(exit), EndsWith(" could not be started: cannot run 'x': not\\nfound\n"));
}

TEST(Worker, a_crash_loop_is_one_line) {
  const CrashLoopEvent loop{6, 42, true, {"feed"}, 0, false, 60};
  EXPECT_THAT(text(loop), EndsWith(" is in a crash loop: 6 failures within 42 s, all by the same "
                                   "crash or exception feed; tried every 60 s from now on\n"));
}

TEST(Worker, a_crash_loop_tells_the_same_bug_from_different_ones) {
  EXPECT_THAT(text(CrashLoopEvent{6, 42, true, {"a", "b"}, 1, true, 0}),
              HasSubstr("2 different crashes or exceptions among them; given up"));
  EXPECT_THAT(text(CrashLoopEvent{6, 42, true, {"a"}, 1, true, 0}),
              HasSubstr("those that are explained by the same crash or exception a"));
  EXPECT_THAT(
      text(CrashLoopEvent{3, 4, false, {}, 3, true, 0}),
      HasSubstr(
          "3 failures within 4 s before it was ever ready, no crash or exception among them"));
}

TEST(Worker, a_crash_of_a_child_names_its_parents) {
  const Event event = crash_of_worker({1, false, {{12, "gunicorn"}, {7, "g\n"}}});
  EXPECT_THAT(format_text(event), HasSubstr("  child of: gunicorn[12] g\\n[7]\n"));
  EXPECT_EQ(parsed(event)["parents"].dump(),
            R"([{"name":"gunicorn","pid":12},{"name":"g\n","pid":7}])");
}

TEST(Worker, a_repeated_crash_is_counted) {
  Event event = crash_of_worker({7, true, {}});
  EXPECT_THAT(format_text(event), HasSubstr("  occurrence: 7\n  threads: left out"));
  EXPECT_EQ(parsed(event)["occurrence"], 7);
  EXPECT_EQ(parsed(event)["abridged"], true);
}

TEST(Worker, the_last_lines_of_its_output_are_shown_harmless) {
  std::string tail;
  for (int line = 1; line <= 12; ++line) tail += "line " + std::to_string(line) + "\n";
  const std::string report = format_text(crash_of_worker({}, tail + "\x1b[2J\n"));
  EXPECT_THAT(report, EndsWith("  line 12\n  \\x1b[2J\n"));
  EXPECT_THAT(report, HasSubstr("\nLast output:\n  line 4\n"));
  EXPECT_THAT(report, Not(HasSubstr("  line 3\n")));
}

TEST(Worker, the_whole_tail_is_in_the_json) {
  EXPECT_EQ(parsed(crash_of_worker({}, "a\nb\xff"))["output_tail"], "a\nb\ufffd");
  EXPECT_TRUE(parsed(crash_of_worker({}))["output_tail"].is_null());
}

TEST(Worker, output_of_one_line_or_none) {
  EXPECT_THAT(format_text(crash_of_worker({}, "only")), EndsWith("\nLast output:\n  only\n"));
  EXPECT_THAT(format_text(crash_of_worker({}, "\n\n")), Not(HasSubstr("Last output")));
}

TEST(Worker, an_end_by_an_exception_says_which) {
  const Event event = end_of_worker(1, output_with_exception());
  EXPECT_THAT(format_text(event), EndsWith(" exited with code 1 (ValueError: no) after 2.0 s\n\n"
                                           "  Traceback ...\n  ValueError: no\n"));
  const json read = parsed(event);
  EXPECT_THAT(read["message"].get<std::string>(), EndsWith(" after 2.0 s: ValueError: no"));
  EXPECT_EQ(read["exception"]["type"], "ValueError");
  EXPECT_EQ(read["exception"]["message"], "no\nmore");
  EXPECT_EQ(read["output_tail"], "starting\nTraceback ...\nValueError: no\n");
}

TEST(Worker, another_end_shows_its_last_lines) {
  const Event event = end_of_worker(3, LastOutput{"one\ntwo\n"});
  EXPECT_THAT(format_text(event), EndsWith(" after 2.0 s\n\nLast output:\n  one\n  two\n"));
  EXPECT_TRUE(parsed(event)["exception"].is_null());
}

TEST(Worker, a_good_end_shows_none) {
  EXPECT_THAT(format_text(end_of_worker(0, LastOutput{"done\n"})), EndsWith(" after 2.0 s\n"));
}

TEST(Worker, events_are_named_as_documented) {
  EXPECT_EQ(parsed(of_worker(ReadyEvent{1}))["event"], "ready");
  EXPECT_EQ(parsed(of_worker(RestartEvent{4}))["restarts"], 4);
  EXPECT_EQ(parsed(of_worker(RecoveredEvent{}))["event"], "recovered");
  const json loop = parsed(of_worker(CrashLoopEvent{6, 42, true, {"a"}, 1, false, 60}));
  EXPECT_EQ(loop["event"], "crash-loop");
  EXPECT_EQ(loop["fingerprints"][0], "a");
  EXPECT_EQ(loop["delay_seconds"], 60);
}

TEST(Worker, the_decision_is_part_of_the_exit) {
  ExitEvent exit = exited_with(1);
  exit.after = AfterExit{AfterExit::Decision::kRestart, 2, true};
  EXPECT_EQ(parsed(of_worker(exit))["after"].dump(),
            R"({"crash_loop":true,"decision":"restart","delay_seconds":2.0})");
}

}  // namespace
}  // namespace pyfault
