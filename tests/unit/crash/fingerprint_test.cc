#include "watchdog/crash/fingerprint.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pyfault::test {
namespace {

struct FingerprintTest : testing::Test {
  FingerprintTest() { signal(SIGSEGV, "SIGSEGV"); }

  void signal(int number, const char* name) {
    crash.signal.number = number;
    crash.signal.name = name;
  }
  static Frame frame(const char* file, const char* function, int line = 1) {
    Frame result;
    result.file = file;
    result.function = function;
    result.line = line;
    return result;
  }
  static Frame gap() {
    Frame result;
    result.kind = Frame::Kind::kOmitted;
    return result;
  }
  std::string of(std::vector<Frame> frames) {
    Thread thread;
    thread.crashed = true;
    thread.frames = std::move(frames);
    crash.threads = {thread};
    return fingerprint(crash);
  }
  Crash crash;
};

TEST_F(FingerprintTest, same_bug_same_name_today) {
  // Operators store fingerprints, so this value must never change. It is FNV-1a 64 of
  // "pyfault-fingerprint/1\nmemory\na.py:f\n".
  EXPECT_EQ(of({frame("/x/a.py", "f")}), "3fb04f4c01c69060");
}

TEST_F(FingerprintTest, no_frames_same_name_today) {
  // This value must never change either: it is that of
  // "pyfault-fingerprint/1\nmemory\nno python frames\n".
  EXPECT_EQ(of({}), "d444a6437ee8148d");
}

TEST_F(FingerprintTest, lines_and_folders_do_not_matter) {
  EXPECT_EQ(of({frame("/opt/v1/a.py", "f", 10)}), of({frame("/home/me/a.py", "f", 99)}));
  EXPECT_EQ(of({frame("a.py", "f")}), of({frame("/x/a.py", "f")}));
}

TEST_F(FingerprintTest, addresses_do_not_matter) {
  const auto before = of({frame("a.py", "f")});
  crash.signal.address = 0x1234;
  EXPECT_EQ(fingerprint(crash), before);
}

TEST_F(FingerprintTest, file_and_function_matter) {
  const auto name = of({frame("a.py", "f")});
  EXPECT_NE(name, of({frame("b.py", "f")}));
  EXPECT_NE(name, of({frame("a.py", "g")}));
}

TEST_F(FingerprintTest, order_matters) {
  EXPECT_NE(of({frame("a", "f"), frame("a", "g")}), of({frame("a", "g"), frame("a", "f")}));
}

TEST_F(FingerprintTest, recursion_depth_does_not_matter) {
  const auto f = frame("a", "f"), main = frame("a", "main");
  EXPECT_EQ(of({f, main}), of({f, f, f, f, f, f, f, main}));
}

TEST_F(FingerprintTest, depth_of_mutual_recursion_does_not_matter) {
  const auto f = frame("a", "f"), g = frame("a", "g"), main = frame("a", "main");
  EXPECT_EQ(of({f, g, main}), of({f, g, f, g, f, g, f, g, main}));
}

TEST_F(FingerprintTest, gaps_in_the_stack_do_not_matter) {
  const auto f = frame("a", "f"), main = frame("a", "main");
  EXPECT_EQ(of({f, main}), of({f, gap(), main}));
}

TEST_F(FingerprintTest, callers_beyond_the_fifth_do_not_matter) {
  std::vector frames = {frame("a", "1"), frame("a", "2"), frame("a", "3"), frame("a", "4")};
  const auto four = of(frames);
  frames.push_back(frame("a", "5"));
  const auto five = of(frames);
  frames.push_back(frame("a", "6"));
  EXPECT_NE(four, five);
  EXPECT_EQ(of(frames), five);
}

TEST_F(FingerprintTest, bus_error_is_the_same_bug_as_a_segmentation_fault) {
  const auto segv = of({frame("a", "f")});
  signal(SIGBUS, "SIGBUS");
  EXPECT_EQ(fingerprint(crash), segv);
  signal(SIGABRT, "SIGABRT");
  EXPECT_NE(fingerprint(crash), segv);
}

TEST_F(FingerprintTest, other_threads_do_not_matter) {
  const auto alone = of({frame("a", "f")});
  crash.threads.emplace_back().frames = {frame("b", "g")};
  EXPECT_EQ(fingerprint(crash), alone);
}

TEST_F(FingerprintTest, crash_without_frames_still_has_a_name) {
  const auto none = of({});
  EXPECT_EQ(none.size(), 16u);
  EXPECT_EQ(none, of({gap()}));
  crash.threads.clear();
  EXPECT_EQ(none, fingerprint(crash));
  signal(SIGABRT, "SIGABRT");
  EXPECT_NE(none, fingerprint(crash));
}

TEST_F(FingerprintTest, unreadable_names_have_a_placeholder) {
  Frame unreadable = frame("", "f");
  unreadable.file_readable = false;
  EXPECT_EQ(of({unreadable}), of({frame("???", "f")}));
}

struct NativeFingerprintTest : FingerprintTest {
  NativeFingerprintTest() {
    crash.threads.resize(1);
    crash.threads[0].crashed = true;
    crash.fingerprint = fingerprint(crash);
  }
  static StackEntry native(const char* function, std::uint64_t offset = 0x1139,
                           const char* module = "/x/natx.so") {
    StackEntry entry;
    entry.native.function = function;
    entry.native.module = module;
    entry.native.build_id = "8f4e";
    if (offset != 0) entry.native.offset = offset;
    return entry;
  }
  std::string with(std::vector<StackEntry> stack) {
    crash.threads[0].stack = std::move(stack);
    return fingerprint(crash);
  }
};

TEST_F(NativeFingerprintTest, is_that_of_the_functions) {
  // Operators store it, so it must never change: "pyfault-fingerprint/1\nmemory\nf\nmain\n".
  EXPECT_EQ(with({native("f"), native("main")}), "e735f4e4990a6e33");
  EXPECT_EQ(with({native("f"), native("main")}),
            with({native("f.cold", 7, "/y/a.so"), native("main")}));
  EXPECT_NE(with({native("f"), native("main")}), with({native("g"), native("main")}));
}

TEST_F(NativeFingerprintTest, without_names_is_that_of_build_and_offset) {
  EXPECT_EQ(with({native("", 1, "/x/natx.so")}), with({native("", 1, "/y/natx.so")}));
  EXPECT_NE(with({native("", 1)}), with({native("", 2)}));
  StackEntry other_build = native("", 1);
  other_build.native.build_id = "0000";
  EXPECT_NE(with({native("", 1)}), with({other_build}));
}

TEST_F(NativeFingerprintTest, does_not_know_of_abort) {
  EXPECT_EQ(with({native("raise"), native("abort"), native("f")}), with({native("f")}));
}

TEST_F(NativeFingerprintTest, does_not_know_of_addresses) {
  EXPECT_EQ(with({native("", 0, ""), native("f")}), with({native("f")}));
  EXPECT_EQ(with({native("", 0, "")}), crash.fingerprint);
}

TEST_F(NativeFingerprintTest, leaves_that_of_python_frames_alone) {
  crash.threads[0].frames = {frame("a.py", "f")};
  crash.fingerprint = fingerprint(crash);
  EXPECT_EQ(with({native("f")}), crash.fingerprint);
}

}  // namespace
}  // namespace pyfault::test
