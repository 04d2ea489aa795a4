#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/format/example_events.h"
#include "tests/unit/format/golden.h"
#include "watchdog/format/format.h"
#include "watchdog/format/python_version.h"

namespace pyfault {
namespace {

struct Version {
  std::string name;
  std::uint32_t hex;
};

// The interpreters that tests/golden/faulthandler/generate.py has recorded.
const Version kRecorded[] = {
    {"3.8.18", python_version(3, 8, 18)},   {"3.9.18", python_version(3, 9, 18)},
    {"3.10.13", python_version(3, 10, 13)}, {"3.11.7", python_version(3, 11, 7)},
    {"3.12.1", python_version(3, 12, 1)},   {"3.13.0", python_version(3, 13, 0)},
    {"3.14.10", python_version(3, 14, 10)}, {"3.15.2", python_version(3, 15, 2)}};

Frame folded(Frame frame, std::uint64_t repeat) {
  frame.repeat = repeat;
  return frame;
}

// A thread with the number that generate.py gives it, at its position in CPython's list of threads.
Thread recorded_thread(std::uint32_t position, std::vector<Frame> frames) {
  Thread thread = example_thread(0, "python3", std::move(frames));
  thread.ident = 0x1000 + position;
  thread.list_position = position;
  return thread;
}

// Spells out what generate.py's programs leave in a record, and compares the report with what
// faulthandler printed.
class AsFaulthandler : public testing::TestWithParam<Version> {
 protected:
  std::string file(const std::string& name) { return "/app/" + name + ".py"; }

  std::string print(std::vector<Thread> threads, int signal = SIGSEGV) {
    crash_.signal.number = signal;
    crash_.threads = std::move(threads);
    crash_.python.version_hex = GetParam().hex;
    return format_faulthandler(event_with(crash_));
  }

  std::string print_current(std::vector<Frame> frames, int signal = SIGSEGV) {
    return print({crashed(recorded_thread(0, std::move(frames)))}, signal);
  }

  std::string recording(const std::string& program) {
    return golden("faulthandler/" + GetParam().name + "-" + program + ".txt");
  }

  Crash crash_;
};

TEST_P(AsFaulthandler, segfault) {
  const std::string app = file("segfault");
  Frame method = code_frame(app, 6, "run");
  method.function = "Worker.run";
  EXPECT_EQ(print_current({method, code_frame(app, 10, "main"), code_frame(app, 13, "<module>")}),
            recording("segfault"));
}

TEST_P(AsFaulthandler, abort) {
  const std::string app = file("abort");
  EXPECT_EQ(print_current({code_frame(app, 5, "main"), code_frame(app, 8, "<module>")}, SIGABRT),
            recording("abort"));
}

TEST_P(AsFaulthandler, other_signals) {
  EXPECT_EQ(print_current({code_frame(file("fpe"), 3, "<module>")}, SIGFPE), recording("fpe"));
  EXPECT_EQ(print_current({code_frame(file("bus"), 4, "<module>")}, SIGBUS), recording("bus"));
  EXPECT_EQ(print_current({code_frame(file("ill"), 4, "<module>")}, SIGILL), recording("ill"));
}

TEST_P(AsFaulthandler, threads_in_c_pythons_order) {
  const std::string app = file("threads");
  const Frame waiting = code_frame(app, 12, "wait_for_ever");
  EXPECT_EQ(print({crashed(recorded_thread(2, {code_frame(app, 18, "<module>")})),
                   recorded_thread(1, {waiting}), recorded_thread(0, {waiting})}),
            recording("threads"));
}

TEST_P(AsFaulthandler, a_thread_that_is_not_the_main_one_crashes) {
  const std::string app = file("other_thread");
  EXPECT_EQ(print({crashed(recorded_thread(0, {code_frame(app, 9, "crash")})),
                   recorded_thread(1, {code_frame(app, 13, "<module>")})}),
            recording("other_thread"));
}

TEST_P(AsFaulthandler, a_thread_that_python_does_not_know_crashes) {
  Thread foreign = crashed(recorded_thread(9, {}));
  foreign.interpreter.reset();
  EXPECT_EQ(
      print({foreign, recorded_thread(0, {code_frame(file("foreign_thread"), 9, "<module>")})},
            SIGABRT),
      recording("foreign_thread"));
}

TEST_P(AsFaulthandler, threads_of_other_interpreters_are_not_shown) {
  Thread elsewhere = recorded_thread(1, {code_frame("elsewhere.py", 1, "f")});
  elsewhere.interpreter = 1;
  EXPECT_EQ(
      print({crashed(recorded_thread(0, {code_frame(file("fpe"), 3, "<module>")})), elsewhere},
            SIGFPE),
      recording("fpe"));
}

TEST_P(AsFaulthandler, a_crash_in_a_subinterpreter_shows_its_threads) {
  Thread inside = crashed(recorded_thread(0, {code_frame(file("fpe"), 3, "<module>")}));
  inside.interpreter = 1;
  EXPECT_EQ(print({inside, recorded_thread(1, {code_frame("main.py", 1, "f")})}, SIGFPE),
            recording("fpe"));
}

TEST_P(AsFaulthandler, many_threads) {
  const std::string app = file("many_threads");
  std::vector<Thread> threads = {crashed(recorded_thread(100, {code_frame(app, 19, "<module>")}))};
  for (std::uint32_t i = 0; i < 100; ++i) {
    threads.push_back(recorded_thread(i, {code_frame(app, 12, "wait_for_ever")}));
  }
  EXPECT_EQ(print(threads), recording("many_threads"));
}

TEST_P(AsFaulthandler, a_stack_of_a_hundred_frames) {
  const std::string app = file("depth_100");
  EXPECT_EQ(print_current({code_frame(app, 6, "down"), folded(code_frame(app, 7, "down"), 97),
                           code_frame(app, 10, "<module>")}),
            recording("depth_100"));
}

TEST_P(AsFaulthandler, a_deeper_stack) {
  const std::string app = file("deep");
  EXPECT_EQ(print_current({code_frame(app, 6, "down"), folded(code_frame(app, 7, "down"), 149),
                           code_frame(app, 10, "<module>")}),
            recording("deep"));
}

TEST_P(AsFaulthandler, names_that_are_not_ascii) {
  const std::string app = file("names");
  const std::string odd = "/app/\x1b[31m\x7f\u0085é名😀\\udc80\\n\".py";
  EXPECT_EQ(
      print_current({code_frame(odd, 2, "naïve_名_\U00020000"), code_frame(odd, 3, "<module>"),
                     code_frame(app, 8, "run"), code_frame(app, 11, "<module>")}),
      recording("names"));
}

TEST_P(AsFaulthandler, long_names) {
  const std::string app = file("long_names");
  const auto named = [](std::size_t length) {
    return code_frame("/app/" + std::string(length - 5, 'g'), 2, std::string(length, 'f'));
  };
  EXPECT_EQ(
      print_current({named(499), code_frame(app, 11, "<lambda>"), named(500),
                     code_frame(app, 11, "<lambda>"), named(501), code_frame(app, 11, "<module>")}),
      recording("long_names"));
}

TEST_P(AsFaulthandler, garbage_collecting) {
  crash_.python.collecting_garbage = true;
  const std::string app = file("garbage");
  EXPECT_EQ(print_current({code_frame(app, 10, "__del__"), code_frame(app, 14, "<module>")}),
            recording("garbage"));
}

TEST_P(AsFaulthandler, no_python_frame) {
  EXPECT_EQ(print_current({}, SIGABRT), recording("no_frame"));
}

TEST_P(AsFaulthandler, a_frame_without_a_line) {
  const std::string app = file("no_line");
  Frame caller = code_frame(app, 9, "caller");
  if (GetParam().hex >= python_version(3, 10)) caller.line.reset();
  EXPECT_EQ(print_current({code_frame(app, 5, "crash"), caller, code_frame(app, 16, "<module>")}),
            recording("no_line"));
}

TEST_P(AsFaulthandler, thread_names) {
  Thread thread = crashed(recorded_thread(0, {code_frame(file("thread_name"), 7, "<module>")}));
  thread.native_name = "é-worker-numbe";
  EXPECT_EQ(print({thread}), recording("thread_name"));
}

TEST_P(AsFaulthandler, dump) {
  crash_.kind = CrashKind::kDump;
  const std::string app = file("dump");
  EXPECT_EQ(print({crashed(recorded_thread(1, {code_frame(app, 17, "<module>")})),
                   recorded_thread(0, {code_frame(app, 12, "wait_for_ever")})}),
            recording("dump"));
}

INSTANTIATE_TEST_SUITE_P(Python, AsFaulthandler, testing::ValuesIn(kRecorded),
                         [](const auto& version) {
                           std::string name = version.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

std::string printed(std::uint32_t version, std::vector<Frame> frames) {
  Crash crash = example_dump();
  crash.python.version_hex = version;
  crash.threads = {crashed(recorded_thread(0, std::move(frames)))};
  return format_faulthandler(event_with(crash));
}

TEST(Faulthandler, unreadable_names_are_printed_as_question_marks) {
  Frame frame;
  frame.file_readable = frame.function_readable = false;
  EXPECT_EQ(printed(python_version(3, 12), {frame, code_frame("a.py", 1, "f")}),
            "Current thread 0x0000000000001000 (most recent call first):\n"
            "  File ???, line ??? in ???\n"
            "  File \"a.py\", line 1 in f\n");
}

TEST(Faulthandler, an_unreadable_frame_ends_the_traceback) {
  const std::vector<Frame> frames = {code_frame("a.py", 1, "f"), unreadable_frame(0xbad)};
  const std::string readable =
      "Current thread 0x0000000000001000 (most recent call first):\n  File \"a.py\", line 1 in f\n";
  EXPECT_EQ(printed(python_version(3, 13, 9), frames), readable);
  EXPECT_EQ(printed(python_version(3, 13, 10), frames), readable + "  <invalid frame>\n");
}

TEST(Faulthandler, a_huge_repeat_count_is_cheap) {
  const std::string text =
      printed(python_version(3, 12), {folded(code_frame("a.py", 1, "f"), ~0ull)});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 102);
}

std::string c_stack(Crash crash, std::uint32_t version) {
  crash.python.version_hex = version;
  const std::string text = format_faulthandler(event_with(std::move(crash)));
  const std::size_t begin =
      text.find("\nCurrent thread's C stack trace (most recent call first):\n");
  return begin == text.npos ? "" : text.substr(begin);
}

TEST(Faulthandler, since_3_14_a_c_stack_follows) {
  Crash crash = native_crash();
  auto& stack = crash.threads[0].stack;
  stack.resize(3);
  stack[1].native.function_offset = 0x19;
  NativeFrame in_program;
  in_program.module = "/usr/bin/python3.14";
  in_program.address = 0x53d28e;
  in_program.offset = 0x53d28e;
  stack.emplace_back().native = in_program;
  stack.emplace_back().native.address = 0xdead;
  EXPECT_EQ(c_stack(crash, python_version(3, 14)),
            "\nCurrent thread's C stack trace (most recent call first):\n"
            "  Binary file \"/srv/natx.so\", at level3+0x19 [0x7f0000001139]\n"
            "  Binary file \"/srv/natx.so\", at +0x1150 [0x7f0000001150]\n"
            "  Binary file \"/usr/bin/python3.14\" [0x53d28e]\n"
            "  Binary file '<unknown>' [0xdead]\n");
  EXPECT_EQ(c_stack(crash, python_version(3, 13)), "");
}

TEST(Faulthandler, a_c_stack_has_32_frames) {
  Crash crash = native_crash();
  crash.threads[0].stack.assign(32, in_libc("f"));
  EXPECT_FALSE(c_stack(crash, python_version(3, 14)).ends_with("  <truncated rest of calls>\n"));
  crash.threads[0].stack.assign(33, in_libc("f"));
  const std::string text = c_stack(crash, python_version(3, 14));
  EXPECT_TRUE(text.ends_with("  <truncated rest of calls>\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 35);
}

TEST(Faulthandler, no_c_stack_is_made_up) {
  EXPECT_EQ(c_stack(example_crash(), python_version(3, 14)), "");
  Crash dump = native_crash();
  dump.kind = CrashKind::kDump;
  EXPECT_EQ(c_stack(dump, python_version(3, 14)), "");
}

TEST(Faulthandler, free_threaded_python_shows_only_the_current_thread_of_a_crash) {
  Crash crash = example_crash();
  crash.python = {python_version(3, 14), "3.14.0", true, false, false};
  EXPECT_EQ(format_faulthandler(event_with(crash)),
            "Fatal Python error: Segmentation fault\n\n"
            "<Cannot show all threads while the GIL is disabled>\n"
            "Stack (most recent call first):\n"
            "  File \"app.py\", line 3 in Worker.run\n"
            "  File \"app.py\", line 9 in <module>\n");
}

TEST(Faulthandler, free_threaded_python_shows_nothing_of_a_thread_it_does_not_know) {
  Crash crash = damaged_crash();
  crash.python.version_hex = python_version(3, 14);
  EXPECT_EQ(format_faulthandler(event_with(crash)), "Fatal Python error: Segmentation fault\n\n");
}

TEST(Faulthandler, a_record_without_threads_is_a_header_only) {
  Crash crash = example_crash();
  crash.threads.clear();
  EXPECT_EQ(format_faulthandler(event_with(crash)), "Fatal Python error: Segmentation fault\n\n");
}

TEST(Faulthandler, a_signal_it_does_not_handle_is_a_number) {
  Crash crash = example_crash();
  crash.signal.number = SIGTRAP;
  crash.threads.clear();
  EXPECT_EQ(format_faulthandler(event_with(crash)),
            "Fatal Python error from unexpected signum: 5\n\n");
}

TEST(Faulthandler, has_nothing_to_say_about_other_events) {
  EXPECT_EQ(format_faulthandler(event_with(StartEvent{})), "");
  EXPECT_EQ(format_faulthandler(event_with(killed_by(SIGKILL))), "");
  EXPECT_EQ(format_faulthandler(event_with(NoticeEvent{"lost"})), "");
}

}  // namespace
}  // namespace pyfault
