// Text from the watched process must not break out of its place in a report, whatever the format.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/format/example_events.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

using namespace std::string_literals;

const std::string kHostile =
    "x\n2026-11-23T07:40:10.123456Z web1 forged\r\n\t\v\x1b]0;owned\x07\x7f\b\0"s
    "\u0085\u009b31m\u202e\u2066\u200e\u200f\u061c\u2028\u2029\ufeff\u200b\xff\xc3"s;

Frame with_text(const std::string& text) {
  return with_source(code_frame(text, 1, text), "a + " + text, 0, 5);
}

Context context_with_text(const std::string& text) {
  return {{{text, text}}, 1, {{0, text}}, {}};
}

Crash crash_with_text(const std::string& text) {
  Crash crash = example_crash();
  crash.id = crash.fingerprint = crash.minidump = text;
  crash.complete = false;
  crash.incomplete_reason = text;
  for (Thread& thread : crash.threads) thread.task = text;
  crash.signal.name = crash.signal.code_name = crash.signal.description = text;
  crash.last_words = LastWords{LastWords::Source::kException, text, text};
  crash.python = {0x030e0af0, text, false, false, false};
  crash.threads[0] = crashed(example_thread(1, text, {with_text(text)}));
  StackEntry entry = at_line(native_entry(text, text, 1), text, 1);
  crash.threads[0].stack = {entry, python_entry(0), entry};
  crash.threads[0].native = NativeStack{false, text, NativeStack::Merge::kAnchors};
  crash.modules = {{text, "", 1, 2, false}};
  crash.registers = {{"rip", 1}};
  crash.diagnosis = Diagnosis{"assertion", text};
  crash.context = context_with_text(text);
  crash.threads.push_back(example_thread(2, text, {}));
  crash.threads[1].annotations = crash.context.annotations;
  return crash;
}

Event filled_with(const std::string& text, decltype(Event::body) body) {
  Event event = event_with(std::move(body));
  event.host = text;
  event.native_full = true;
  event.worker = text;
  event.process.name = event.process.executable = text;
  event.process.command = {text, text};
  return event;
}

using Format = std::string (*)(const Event&);

std::ptrdiff_t lines(const std::string& report) {
  return std::count(report.begin(), report.end(), '\n');
}

bool has_raw_control(const std::string& report) {
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 0x7f; };
  return std::any_of(report.begin(), report.end(), is_control);
}

void expect_harmless(Format format, const Event& event, const Event& peaceful) {
  const std::string report = format(event);
  EXPECT_EQ(lines(report), lines(format(peaceful))) << report;
  EXPECT_FALSE(has_raw_control(report)) << report;
  for (const char* raw : {"\u0085", "\u009b", "\u202e", "\u2066", "\u200e", "\u200f", "\u061c",
                          "\u2028", "\u2029", "\ufeff", "\u200b", "\xff", "\xc3\""}) {
    EXPECT_EQ(report.find(raw), report.npos) << report;
  }
}

class Hostile : public testing::TestWithParam<Format> {
 protected:
  void expect_harmless_in(decltype(Event::body) body, decltype(Event::body) peaceful) {
    expect_harmless(GetParam(), filled_with(kHostile, std::move(body)),
                    filled_with("x", std::move(peaceful)));
  }
};

TEST_P(Hostile, text_in_a_crash_is_harmless) {
  expect_harmless_in(crash_with_text(kHostile), crash_with_text("x"));
}

TEST_P(Hostile, text_in_a_dump_is_harmless) {
  Crash dump = crash_with_text(kHostile);
  Crash peaceful = crash_with_text("x");
  dump.kind = peaceful.kind = CrashKind::kDump;
  expect_harmless_in(dump, peaceful);
}

TEST_P(Hostile, text_in_an_exit_is_harmless) {
  ExitEvent peaceful = killed_by(SIGKILL);
  peaceful.reason = ExitReason::kUnknown;
  peaceful.detail = "x";
  ExitEvent exit = peaceful;
  exit.detail = kHostile;
  exit.context = context_with_text(kHostile);
  peaceful.context = context_with_text("x");
  expect_harmless_in(exit, peaceful);
}

TEST_P(Hostile, text_in_a_notice_is_harmless) {
  expect_harmless_in(NoticeEvent{kHostile}, NoticeEvent{"x"});
}

TEST_P(Hostile, text_in_a_start_is_harmless) {
  expect_harmless_in(StartEvent{}, StartEvent{});
}

INSTANTIATE_TEST_SUITE_P(Text, Hostile, testing::Values(format_text));
INSTANTIATE_TEST_SUITE_P(Json, Hostile, testing::Values(format_json));
INSTANTIATE_TEST_SUITE_P(Faulthandler, Hostile, testing::Values(format_faulthandler));

}  // namespace
}  // namespace pyfault
