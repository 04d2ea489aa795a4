// What a program can observe must be the same bare and under the watchdog: its streams, its
// environment and how it ends. terminal_test.cc tests the rest.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using testing::ElementsAre;

class Transparency : public BothWays {};
INSTANTIATE_TEST_SUITE_P(E2e, Transparency, testing::ValuesIn(interpreters()), parameter_name);

constexpr char kWritesBytes[] = R"(
import sys
sys.stdout.buffer.write(bytes(range(256)) * 100)
sys.stderr.buffer.write(bytes(range(255, -1, -1)) * 100)
)";

TEST_P(Transparency, stdout_and_stderr_carry_the_same_bytes) {
  program(kWritesBytes);
  EXPECT_EQ(expect_no_difference().out.size(), 25600U);
}

TEST_P(Transparency, stdin_is_the_programs) {
  program("import sys\nprint(sys.stdin.read()[::-1])");
  const auto outcome = expect_no_difference({}, [](Launch& launch) { launch.input = "hello\n"; });
  EXPECT_EQ(outcome.out, "\nolleh\n");
}

TEST_P(Transparency, a_closed_stream_stays_closed) {
  program(R"(
import os
for fd in (0, 1, 2):
    try:
        os.fstat(fd)
    except OSError:
        open("closed", "a").write(str(fd))
)");
  expect_no_difference({}, [](Launch& launch) {
    launch.before_exec = [] { ::close(STDIN_FILENO), ::close(STDERR_FILENO); };
  });
  EXPECT_EQ(read_file(file("closed")), "0202");
}

TEST_P(Transparency, every_exit_code_comes_through) {
  program("import sys\nsys.exit(int(sys.argv[1]))");
  for (const int code : {0, 1, 2, 77, 125, 126, 127, 128, 139, 255}) {
    EXPECT_EQ(expect_no_difference({std::to_string(code)}).ending, exited(code));
  }
}

TEST_P(Transparency, an_exception_ends_the_program_as_ever) {
  program("raise SystemError('on purpose')");
  EXPECT_EQ(expect_no_difference().ending, exited(1));
}

TEST_P(Transparency, death_by_each_signal_comes_through) {
  program(R"(
import os, signal, sys
number = int(sys.argv[1])
if number != signal.SIGKILL and number not in (4, 6, 7, 8, 11):
    signal.signal(number, signal.SIG_DFL)
os.kill(os.getpid(), number)
)");
  for (const int number :
       {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
        SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGSYS}) {
    EXPECT_EQ(expect_no_difference({std::to_string(number)}).ending, killed_by(number));
  }
}

TEST_P(Transparency, arguments_and_module_path_are_the_same) {
  program(R"(
import sys
print(sys.argv, getattr(sys, "orig_argv", None), sys.path, sys.executable, sys.flags)
print(sorted(sys.modules))
)");
  expect_no_difference({"--log", "--exec", "-x", "", "two words", "*", "\xc3\xbc", "\xff"});
}

TEST_P(Transparency, code_and_modules_run_as_with_the_interpreter) {
  for (const std::string option : {"-c", "-m"}) {
    write_file(file("module.py"), "import sys\nprint(sys.argv, sys.path[0])");
    const std::string what = option == "-c" ? "import sys; print(sys.argv)" : "module";
    Launch without = bare();
    without.command = {GetParam().path, option, what, "argument"};
    Launch with = watched();
    with.command = watchdog().command({option, what, "argument"});
    EXPECT_EQ(run(with).out, run(without).out);
  }
}

TEST_P(Transparency, only_the_two_variables_are_added_to_the_environment) {
  program("import json, os\nprint(json.dumps(dict(os.environ)))");
  const auto without = nlohmann::json::parse(run(bare()).out);
  auto with = nlohmann::json::parse(run(watched()).out);
  EXPECT_TRUE(with.erase("LD_PRELOAD"));
  EXPECT_TRUE(with.erase("PYFAULT_SOCKET"));
  // Only the difference is printed on failure: the environment may hold secrets.
  const auto difference = nlohmann::json::diff(without, with);
  EXPECT_TRUE(difference.empty()) << difference.dump();
}

TEST_P(Transparency, an_earlier_preload_is_kept_behind_ours) {
  program("import os\nprint(os.environ['LD_PRELOAD'])");
  Launch launch = watched();
  launch.environment["LD_PRELOAD"] = "libm.so.6";
  EXPECT_THAT(run(launch).out, testing::MatchesRegex(".*libpyfault_agent.so[: ]libm.so.6\n"));
}

TEST_P(Transparency, what_a_process_inherits_is_inherited) {
  program(R"(
import os, resource
print(os.getcwd(), os.umask(0), os.nice(0), os.sched_getscheduler(0), sorted(os.sched_getaffinity(0)))
print([resource.getrlimit(limit) for limit in range(16)])
wanted = ("SigBlk", "SigPnd", "ShdPnd", "Threads", "NoNewPrivs", "CapEff", "Seccomp:")
print([line for line in open("/proc/self/status") if line.startswith(wanted)])
ignored = [line for line in open("/proc/self/status") if line.startswith("SigIgn")][0]
# 32 and 33 are the C library's own; its posix_spawn leaves them ignored.
print(int(ignored.split()[1], 16) & ~(3 << 31))
print(open("/proc/self/oom_score_adj").read(), open("/proc/self/coredump_filter").read())
)");
  expect_no_difference({}, [](Launch& launch) {
    launch.before_exec = [] {
      ::umask(027);
      const rlimit files{200, 300};
      ::setrlimit(RLIMIT_NOFILE, &files);
      std::signal(SIGHUP, SIG_IGN);
      std::signal(SIGUSR2, SIG_IGN);
      std::signal(SIGCHLD, SIG_IGN);
      sigset_t blocked;
      sigemptyset(&blocked);
      sigaddset(&blocked, SIGUSR1);
      sigaddset(&blocked, SIGTERM);
      sigprocmask(SIG_BLOCK, &blocked, nullptr);
      static_cast<void>(::nice(3));
    };
  });
}

TEST_P(Transparency, no_parent_death_signal_is_set) {
  program(R"(
import ctypes
number = ctypes.c_int(-1)
ctypes.CDLL(None).prctl(2, ctypes.byref(number))
print(number.value)
)");
  EXPECT_EQ(expect_no_difference().out, "0\n");
}

constexpr char kListsDescriptors[] = R"(
import fcntl, json, os
found = []
for fd in sorted(map(int, os.listdir("/proc/self/fd"))):
    try:
        flags = fcntl.fcntl(fd, fcntl.F_GETFD)
    except OSError:
        continue  # that of the listing itself
    found.append([fd, os.readlink("/proc/self/fd/%d" % fd).split(":")[0], flags])
print(json.dumps(found))
)";

TEST_P(Transparency, no_descriptor_is_added) {
  program(kListsDescriptors);
  const auto inherit_one = [](Launch launch) {
    launch.before_exec = [] { ::dup2(STDOUT_FILENO, 5); };
    return launch;
  };
  EXPECT_EQ(run(inherit_one(watched())).out, run(inherit_one(bare())).out);
}

TEST_P(Transparency, the_program_has_no_children_it_did_not_make) {
  program(R"(
import os
print(open("/proc/self/task/%d/children" % os.getpid()).read())
try:
    os.waitpid(-1, 0)
except ChildProcessError as error:
    print(error)
)");
  expect_no_difference();
}

TEST_P(Transparency, a_program_that_leaves_somebody_behind_ends_at_once) {
  program(R"(
import subprocess
subprocess.Popen(["sleep", "600"])
print("done")
)");
  const auto outcome =
      expect_no_difference({}, [](Launch& launch) { launch.limit = std::chrono::seconds(30); });
  EXPECT_EQ(outcome.ending, exited(0));
}

Launch allowing_cores(Launch launch) {
  launch.before_exec = [] {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_CORE, &unlimited);
  };
  return launch;
}

// Removes the core files that it has counted.
std::size_t count_cores(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> cores;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("core")) cores.push_back(entry.path());
  }
  for (const auto& core : cores) std::filesystem::remove(core);
  return cores.size();
}

TEST_P(Transparency, a_core_is_dumped_once_and_only_of_the_program) {
  if (read_file("/proc/sys/kernel/core_pattern").find('/') != std::string::npos ||
      read_file("/proc/sys/kernel/core_pattern").starts_with('|')) {
    GTEST_SKIP() << "the kernel's core_pattern does not put cores into the current directory";
  }
  program("import ctypes\nctypes.memset(0, 1, 1)");
  run(allowing_cores(bare()));
  if (count_cores(file(".")) == 0) {
    GTEST_SKIP() << "no core is dumped here without the watchdog either (limits, file system)";
  }
  run(allowing_cores(watched()));
  EXPECT_EQ(count_cores(file(".")), 1U);
  EXPECT_TRUE(watchdog().events("exit").at(0).at("exit").at("core_dumped"));
}

TEST_P(Transparency, a_program_that_exits_leaves_no_word_in_the_text_log) {
  program("import sys\nsys.exit('a failure of its own')");
  const auto text = watchdog().format("text");
  EXPECT_EQ(run({.command = text.command({file("program.py")})}).ending, exited(1));
  EXPECT_TRUE(std::filesystem::exists(file("log")));
  EXPECT_EQ(text.report(), "");
}

TEST_P(Transparency, a_program_killed_without_a_record_leaves_one_line) {
  program("import os\nos.kill(os.getpid(), 9)");
  run({.command = watchdog().format("text").command({file("program.py")})});
  EXPECT_THAT(split_lines(watchdog().report()), ElementsAre(testing::HasSubstr("SIGKILL")));
}

}  // namespace
}  // namespace pyfault::test
