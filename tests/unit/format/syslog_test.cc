#include "watchdog/format/syslog.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/unit/format/example_events.h"

namespace pyfault {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr char kCee[] = "@cee:";

SyslogStyle json_style() {
  SyslogStyle style;
  style.format = LogFormat::kJson;
  return style;
}

Event large_crash() {
  Crash crash = example_crash();
  for (int i = 0; i < 300; ++i) {
    crash.threads.push_back(example_thread(2000 + i, "pool", {code_frame("pool.py", i, "wait")}));
  }
  return event_with(crash);
}

TEST(Syslog, a_header_is_that_of_rfc_5424) {
  EXPECT_THAT(format_syslog(event_with(example_crash()), {}),
              StartsWith("<26>1 2026-11-23T07:40:10.123456Z web1 pyfault-watchdog 1234 CRASH "
                         "[pyfault@32473 event=\"crash\" "));
}

TEST(Syslog, breadcrumbs_give_way_before_annotations) {
  Crash crash = crash_with_context();
  for (int i = 0; i < 30; ++i) crash.context.breadcrumbs.push_back({i, std::string(200, 'x')});
  SyslogStyle style = json_style();
  style.max_size = 4000;
  const std::string message = format_syslog(event_with(crash), style);
  const auto json = nlohmann::json::parse(message.substr(message.find(kCee) + sizeof kCee - 1));
  EXPECT_EQ(json["annotations"]["task"], "resize");
  EXPECT_EQ(json["left_out"].back(), "breadcrumbs");
  EXPECT_EQ(json["breadcrumbs"].back()["text"], std::string(200, 'x'));
  EXPECT_LT(json["breadcrumbs"].size(), 20u);
}

TEST(Syslog, the_facility_counts_eight_times) {
  SyslogStyle style;
  style.facility = 16;
  EXPECT_THAT(format_syslog(event_with(example_crash()), style), StartsWith("<130>1 "));
}

TEST(Syslog, what_is_unknown_is_a_dash) {
  Event event = event_with(NoticeEvent{"said"});
  event.host.clear();
  event.process = {};
  EXPECT_THAT(format_syslog(event, {}), HasSubstr("Z - pyfault-watchdog - NOTICE ["));
}

TEST(Syslog, a_header_holds_printable_ascii_of_limited_length) {
  Event event = event_with(NoticeEvent{"said"});
  event.host = "h\xc3\xb6st name\n" + std::string(300, 'x');
  SyslogStyle style;
  style.app_name = std::string(100, 'a');
  const std::string host = "h__st_name_" + std::string(244, 'x');
  EXPECT_THAT(format_syslog(event, style),
              HasSubstr(' ' + host + ' ' + std::string(48, 'a') + " 1234 "));
}

TEST(Syslog, structured_data_names_the_top_frame) {
  EXPECT_THAT(format_syslog(event_with(example_crash()), {}),
              HasSubstr(R"( file="app.py" line="3" function="Worker.run"] )"));
}

TEST(Syslog, structured_data_has_the_kind_of_the_diagnosis) {
  EXPECT_THAT(format_syslog(event_with(native_crash()), {}),
              HasSubstr(R"( signal="SIGSEGV" diagnosis="null-pointer" file="app.py" )"));
}

TEST(Syslog, structured_data_names_the_worker_and_the_reason) {
  Event event = event_with(killed_by(SIGKILL));
  event.worker = "web#2";
  EXPECT_THAT(format_syslog(event, {}), HasSubstr(R"( worker="web#2" )"));
  EXPECT_THAT(format_syslog(event, {}), HasSubstr(R"( reason="signaled" signal="SIGKILL"] )"));
}

struct Escape {
  std::string_view raw;
  std::string_view escaped;
};

class SyslogEscape : public testing::TestWithParam<Escape> {};

TEST_P(SyslogEscape, is_that_of_rfc_5424) {
  EXPECT_EQ(escape_sd_value(GetParam().raw), GetParam().escaped);
}

INSTANTIATE_TEST_SUITE_P(All, SyslogEscape,
                         testing::Values(Escape{"", ""}, Escape{"plain", "plain"},
                                         Escape{"\"", "\\\""}, Escape{"]", "\\]"}, Escape{"[", "["},
                                         Escape{"\\", "\\\\"}, Escape{"\\n", "\\\\n"},
                                         Escape{"\"]\\", "\\\"\\]\\\\"},
                                         Escape{"\xc3\xb6", "\xc3\xb6"}));

TEST(Syslog, every_byte_is_escaped_alone_or_not_at_all) {
  for (int byte = 1; byte < 256; ++byte) {
    const std::string raw(1, static_cast<char>(byte));
    const bool special = raw == "\"" || raw == "\\" || raw == "]";
    EXPECT_EQ(escape_sd_value(raw), (special ? "\\" : "") + raw);
  }
}

TEST(Syslog, a_value_cannot_end_its_element) {
  Event event = event_with(StartEvent{});
  event.worker = "a\"] forged\n<0>1";
  EXPECT_THAT(format_syslog(event, {}), HasSubstr(R"(worker="a\"\] forged\\n<0>1")"));
}

TEST(Syslog, a_traceback_keeps_its_lines_in_one_message) {
  const std::string message = format_syslog(event_with(example_crash()), {});
  EXPECT_THAT(message, HasSubstr("] python3[1234] crashed: SIGSEGV (SEGV_MAPERR), "));
  EXPECT_THAT(message, HasSubstr("\n  File \"app.py\", line 3, in Worker.run\n"));
  EXPECT_FALSE(message.ends_with('\n'));
}

TEST(Syslog, what_the_text_report_leaves_out_is_a_sentence) {
  ExitEvent exit;
  exit.code = 3;
  exit.uptime_seconds = 1.5;
  EXPECT_TRUE(format_syslog(event_with(exit), {})
                  .ends_with("] python3[1234] exited with code 3 after 1.5 s"));
}

TEST(Syslog, json_is_one_line_behind_a_cookie) {
  const std::string message = format_syslog(event_with(example_crash()), json_style());
  EXPECT_EQ(message.find('\n'), message.npos);
  const auto json = nlohmann::json::parse(message.substr(message.find(kCee) + 5));
  EXPECT_EQ(json["event"], "crash");
}

bool fills_its_limit(const std::string& message) {
  const std::size_t limit = SyslogStyle().max_size;
  return message.size() <= limit && message.size() > limit / 10 * 9;
}

TEST(Syslog, a_large_crash_loses_threads_and_says_so) {
  const std::string message = format_syslog(large_crash(), {});
  EXPECT_TRUE(fills_its_limit(message));
  EXPECT_THAT(message, HasSubstr("in Worker.run"));
  EXPECT_THAT(message, ContainsRegex("\\.\\.\\. 2[0-9][0-9] more threads omitted \\.\\.\\."));
  EXPECT_THAT(message, HasSubstr("left out: some of the threads, because the log has no room"));
}

TEST(Syslog, a_large_crash_stays_json) {
  const std::string message = format_syslog(large_crash(), json_style());
  EXPECT_TRUE(fills_its_limit(message));
  const auto json = nlohmann::json::parse(message.substr(message.find(kCee) + 5));
  EXPECT_EQ(json["threads"].size() + json["threads_omitted"].get<std::size_t>(), 302U);
  EXPECT_EQ(json["left_out"].dump(), R"(["threads"])");
}

TEST(Syslog, the_output_of_a_worker_goes_first_and_only_as_much_as_must) {
  Event event = event_with(example_crash());
  event.worker_crash = WorkerCrash{};
  event.last_output.emplace().tail = std::string(64000, 'x') + "the end";
  const std::string message = format_syslog(event, json_style());
  EXPECT_TRUE(fills_its_limit(message));
  const auto json = nlohmann::json::parse(message.substr(message.find(kCee) + 5));
  const std::string tail = json["output_tail"];
  EXPECT_TRUE(tail.ends_with("xthe end"));
  EXPECT_EQ(tail.size() + json["output_omitted"].get<std::size_t>(), 64007U);
  EXPECT_EQ(json["threads"].size(), 2U);
  EXPECT_EQ(json["left_out"].dump(), R"(["output"])");
}

TEST(Syslog, a_deep_stack_loses_its_far_end_and_says_so) {
  Crash crash = example_crash();
  crash.threads[0].frames.assign(500, code_frame("deep.py", 7, "down"));
  const std::string message = format_syslog(event_with(crash), {});
  EXPECT_TRUE(fills_its_limit(message));
  EXPECT_THAT(message, ContainsRegex("  \\.\\.\\. [23][0-9][0-9] frames omitted \\.\\.\\."));
}

nlohmann::json syslog_json(Crash crash) {
  const std::string message = format_syslog(event_with(std::move(crash)), json_style());
  EXPECT_TRUE(fills_its_limit(message)) << message.size();
  return nlohmann::json::parse(message.substr(message.find(kCee) + 5));
}

TEST(Syslog, native_frames_go_before_those_of_python) {
  Crash crash = native_crash();
  crash.threads.resize(1);
  auto& stack = crash.threads[0].stack;
  stack.insert(stack.begin() + 2, 100, native_entry("/srv/natx.so", "visit", 7));
  const auto json = syslog_json(crash);
  EXPECT_EQ(json["left_out"].dump(), R"(["native"])");
  EXPECT_EQ(json["threads"][0]["frames"].size(), 4U);
  const auto& kept = json["threads"][0]["stack"];
  EXPECT_EQ(kept[0]["function"], "deref_inline");
  std::uint64_t omitted = 0, native = 0, python = 0;
  for (const auto& entry : kept) {
    omitted += entry.value("omitted", std::uint64_t{0});
    native += entry.contains("address") ? 1 : 0;
    python += entry.contains("frame") ? 1 : 0;
  }
  EXPECT_EQ(omitted + native, 119U);
  EXPECT_EQ(python, 4U);
  EXPECT_EQ(json["modules"].size(), 1U);  // none is left of the interpreter
}

TEST(Syslog, a_stack_ends_with_the_frames_that_it_refers_to) {
  Crash crash = native_crash();
  crash.threads.resize(1);
  Thread& thread = crash.threads[0];
  thread.frames.assign(300, code_frame("deep.py", 7, "down"));
  thread.stack.clear();
  for (std::size_t index = 0; index < 300; ++index) {
    thread.stack.push_back(python_entry(index));
    thread.stack.push_back(in_python("_PyEval_EvalFrameDefault"));
  }
  const auto json = syslog_json(crash);
  EXPECT_EQ(json["left_out"].dump(), R"(["native","frames"])");
  const auto& frames = json["threads"][0]["frames"];
  const auto& last = json["threads"][0]["stack"].back();
  EXPECT_EQ(last.value("frame", std::size_t{0}), frames.size() - 1);
  EXPECT_TRUE(frames.back().contains("omitted"));
}

TEST(Syslog, names_that_do_not_fit_are_left_out_and_the_structured_data_ends) {
  Event event = event_with(example_crash());
  event.process.executable = "/opt/" + std::string(4000, ']');
  SyslogStyle style;
  style.max_size = 480;
  const std::string message = format_syslog(event, style);
  EXPECT_THAT(message, HasSubstr("[pyfault@32473 event=\"crash\" "));
  EXPECT_THAT(message, HasSubstr("\"] "));
  EXPECT_THAT(message, Not(HasSubstr("executable")));
}

TEST(Syslog, what_is_still_too_long_is_cut_between_characters) {
  SyslogStyle style;
  for (style.max_size = 200; style.max_size < 220; ++style.max_size) {
    Event event = event_with(NoticeEvent{std::string(1, 'x')});
    for (int i = 0; i < 200; ++i) std::get<NoticeEvent>(event.body).message += "\xe2\x82\xac";
    const std::string message = format_syslog(event, style);
    EXPECT_GT(message.size() + 3, style.max_size);
    EXPECT_LE(message.size(), style.max_size);
    EXPECT_TRUE(message.ends_with("\xe2\x82\xac")) << style.max_size;
  }
}

TEST(Syslog, the_local_protocol_has_its_data_in_the_message) {
  SyslogStyle style;
  style.protocol = SyslogProtocol::kLocal;
  EXPECT_THAT(format_syslog(event_with(NoticeEvent{"said"}), style),
              MatchesRegex("<28>Nov 2[234] [0-9:]+ pyfault-watchdog\\[1234\\]: NOTICE "
                           "\\[pyfault@32473 .*\\] pyfault-watchdog: said"));
}

// rsyslog's mmjsonparse expects the cookie at the start of the message.
TEST(Syslog, the_local_protocol_has_nothing_before_json) {
  SyslogStyle style;
  style.protocol = SyslogProtocol::kLocal;
  style.format = LogFormat::kJson;
  EXPECT_THAT(format_syslog(event_with(NoticeEvent{"said"}), style),
              MatchesRegex("<28>Nov 2[234] [0-9:]+ pyfault-watchdog\\[1234\\]: @cee:\\{.*\\}"));
}

}  // namespace
}  // namespace pyfault
