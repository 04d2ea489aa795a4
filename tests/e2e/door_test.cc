// pyfault.enable() in a running program, and python -m pyfault: the program runs as it would alone,
// and its crashes are recorded, wherever they happen.
#include <gmock/gmock.h>

#include <csignal>
#include <string>

#include "tests/e2e/door_fixture.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class RunningProgram : public Door {};

// Who crashes, and how.
constexpr char kWhoAndHow[] = R"(
import ctypes, os, sys, threading
import pyfault

who, how = sys.argv[1:]
sys.setrecursionlimit(1_000_000)
threading.stack_size(256 * 1024)

def descend():
    again()

def fault():
    ctypes.string_at(0)

again = ctypes.CFUNCTYPE(None)(descend)
crash = {"fault": fault, "overflow": descend}[how]
go = threading.Event()

def wait_and_crash():
    go.wait()
    crash()

if who == "older":
    threading.Thread(target=wait_and_crash, name="older").start()
pyfault.enable()
if who == "main":
    crash()
if who == "younger":
    threading.Thread(target=wait_and_crash, name="younger").start()
if who == "child":
    child = os.fork()
    if child == 0:
        crash()
    os.kill(os.getpid(), os.waitpid(child, 0)[1])
go.set()
)";

TEST_P(RunningProgram, a_fault_is_recorded_in_every_thread_and_in_a_child) {
  program(kWhoAndHow);
  const std::map<std::string, std::string> names = {
      {"main", "MainThread"}, {"older", "older"}, {"younger", "younger"}, {"child", "MainThread"}};
  for (const auto& [who, name] : names) {
    EXPECT_EQ(run(alone({who, "fault"})).ending, killed_by(SIGSEGV));
    const auto crashes = crashes_until_the_end();
    // The parent has sent itself the signal of its child.
    ASSERT_THAT(crashes, SizeIs(who == "child" ? 2 : 1)) << who;
    EXPECT_EQ(crashes[0]["threads"][0]["name"], name);
    EXPECT_EQ(crashes[0]["threads"][0]["frames"][1]["function"], "fault");
    std::filesystem::remove(file("log"));
  }
}

TEST_P(RunningProgram, an_overflow_of_the_stack_is_recorded_in_every_thread) {
  if (GetParam().version >= Version{3, 14}) GTEST_SKIP() << "CPython 3.14 raises RecursionError";
  program(kWhoAndHow);
  std::vector<std::string> all = {"older", "younger"};
  // From 3.12 on, the recursion of C has a limit, which the main thread's stack has room for.
  if (GetParam().version < Version{3, 12}) all.insert(all.end(), {"main", "child"});
  for (const std::string& who : all) {
    EXPECT_EQ(run(alone({who, "overflow"})).ending, killed_by(SIGSEGV));
    const auto crashes = crashes_until_the_end();
    ASSERT_THAT(crashes, Not(IsEmpty())) << who;
    EXPECT_EQ(crashes[0]["threads"][0]["frames"][0]["function"], "descend");
    std::filesystem::remove(file("log"));
  }
}

TEST_P(RunningProgram, disabled_it_dies_the_same_and_without_a_record) {
  program(R"(
import ctypes, pyfault
pyfault.enable()
print(pyfault.disable(), pyfault.disable(), pyfault.is_enabled(), flush=True)
ctypes.string_at(0)
)");
  const Outcome outcome = run(alone());
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
  EXPECT_EQ(outcome.out, "True False False\n");
  EXPECT_THAT(crashes_until_the_end(), IsEmpty());
}

TEST_P(RunningProgram, enabled_again_it_is_recorded_by_the_same_watchdog) {
  program(R"(
import ctypes, pyfault
pyfault.enable()
first = pyfault.status().socket
pyfault.disable()
pyfault.enable()
print(pyfault.status().socket == first, flush=True)
ctypes.string_at(0)
)");
  EXPECT_EQ(run(alone()).out, "True\n");
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
}

TEST_P(RunningProgram, its_watchdog_is_no_child_of_it_and_ends_with_it) {
  program(R"(
import os, pyfault
pyfault.enable()
try:
    print(os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("no child", flush=True)
with open(f"/proc/net/unix") as sockets:
    print(any(pyfault.status().socket[1:] in line for line in sockets), flush=True)
os._exit(3)
)");
  Launch launch = alone();
  launch.environment.erase("PYFAULT_LOG");  // the watchdog has stderr, which run() reads to its end
  const Outcome outcome = run(launch);
  EXPECT_EQ(outcome.ending, exited(3));
  EXPECT_EQ(outcome.out, "no child\nTrue\n");
}

TEST_P(RunningProgram, who_reads_its_stderr_need_not_wait_for_the_watchdog) {
  program(R"(
import os, pyfault, time
pyfault.enable()
if os.fork() == 0:
    for stream in range(3):
        os.close(stream)
    time.sleep(1000)
)");
  ChildProcess process(alone());
  EXPECT_EQ(process.wait().ending, exited(0));
}

TEST_P(RunningProgram, a_log_that_cannot_be_written_is_the_reason_in_the_exception) {
  program(R"(
import pyfault
try:
    pyfault.enable(log="/nowhere/log")
except pyfault.Unwatched as error:
    print(error)
)");
  const Outcome outcome = run(alone());
  EXPECT_THAT(outcome.out, HasSubstr("'/nowhere/log': cannot write there"));
  EXPECT_EQ(outcome.err, "");
}

TEST_P(RunningProgram, an_address_where_nobody_listens_any_more_is_replaced) {
  program("import ctypes, pyfault\npyfault.enable()\nctypes.string_at(0)\n");
  Launch launch = alone();
  launch.environment["PYFAULT_SOCKET"] = "@/nowhere/pyfault";
  EXPECT_EQ(run(launch).ending, killed_by(SIGSEGV));
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
}

// Before Linux 6.15 the status is gone once the parent has taken it. Here the parent is first.
TEST_P(RunningProgram, one_whose_status_the_kernel_does_not_keep_has_an_end_all_the_same) {
  program(R"(
import sys
sys.dont_write_bytecode = True
sys.path.append(")" PYFAULT_SCENARIOS R"(")
from helpers import seccomp
import ctypes, os, pyfault, signal, socket, struct, time
open("log", "a").close()
PIDFD_GET_INFO = 0xff, 11
seccomp.refuse_ioctl(*PIDFD_GET_INFO, seccomp.DENY)  # for the watchdog too
pyfault.enable()
pyfault.dump()
while '"dump"' not in open("log").read():  # then the watchdog has begun to watch
    time.sleep(0.01)
with pyfault._connection.connect(pyfault.status().socket) as connection:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
watchdog = struct.unpack("iII", credentials)[0]
print(watchdog, flush=True)
os.kill(watchdog, signal.SIGSTOP)
ctypes.string_at(0)
)");
  const Outcome outcome = run(alone());
  if (outcome.ending == exited(77)) GTEST_SKIP() << outcome.err;
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV)) << outcome.err;
  ASSERT_EQ(::kill(std::stoi(outcome.out), SIGCONT), 0);
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
}

TEST_P(RunningProgram, works_where_the_standard_streams_are_replaced_or_closed) {
  program(R"(
import ctypes, io, os, pyfault, sys
sys.stdout = sys.stderr = io.StringIO()
for stream in range(3):
    os.close(stream)
pyfault.enable()
ctypes.string_at(0)
)");
  EXPECT_EQ(run(alone()).ending, killed_by(SIGSEGV));
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
}

TEST_P(RunningProgram, can_be_enabled_by_any_thread) {
  program(R"(
import ctypes, pyfault, threading
threads = [threading.Thread(target=pyfault.enable) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ctypes.string_at(0)
)");
  const Outcome outcome = run(alone());
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
}

class UnderTheModule : public Door {
 protected:
  // Both print who they are; sys.argv, flags and the exit code must be the same.
  void expect_the_same(const std::vector<std::string>& flags,
                       const std::vector<std::string>& program) {
    std::vector<std::string> words = flags;
    std::ranges::copy(program, std::back_inserter(words));
    const Outcome expected = run(python(words));
    words = flags;
    words.insert(words.end(), {"-m", "pyfault"});
    std::ranges::copy(program, std::back_inserter(words));
    const Outcome outcome = run(python(words));
    EXPECT_EQ(outcome.ending, expected.ending);
    EXPECT_EQ(outcome.out, expected.out);
    EXPECT_EQ(outcome.err, expected.err);
  }
};

constexpr char kSayAll[] = R"(
import os, sys, warnings
print(__name__, sys.argv, sys.flags, sys.path[0], sys.stdout.write_through, sys.warnoptions)
print(getattr(sys, "orig_argv", [""])[1:])
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    sys.exit(7)
)";

TEST_P(UnderTheModule, a_program_runs_as_it_would_alone) {
  program(kSayAll);
  expect_the_same({}, {"program.py"});
  expect_the_same({"-X", "dev", "-u", "-O"}, {"program.py", "-m", "--log", "x"});
  expect_the_same({"-Werror", "-OO"}, {"-m", "program", "-c"});
  expect_the_same({"-B"}, {"-c", kSayAll, "a", "-b"});
}

TEST_P(UnderTheModule, it_keeps_the_process_and_is_watched_from_the_start) {
  program(R"(
import ctypes, os
print(os.getpid(), flush=True)
ctypes.string_at(0)
)");
  ChildProcess process(python({"-m", "pyfault", "--log", file("log"), "program.py"}));
  const pid_t pid = process.pid();
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV)) << outcome.err;
  EXPECT_EQ(outcome.out, std::to_string(pid) + "\n");
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
}

TEST_P(UnderTheModule, a_log_that_cannot_be_written_is_one_line_and_the_watchdogs_own_code) {
  const Outcome outcome = run(python({"-m", "pyfault", "--log", "/nowhere/log", "-c", "pass"}));
  EXPECT_EQ(outcome.ending, exited(125));
  EXPECT_THAT(split_lines(outcome.err), ElementsAre(HasSubstr("'/nowhere/log': cannot write")));
}

INSTANTIATE_TEST_SUITE_P(E2e, RunningProgram, testing::ValuesIn(interpreters()), parameter_name);
INSTANTIATE_TEST_SUITE_P(E2e, UnderTheModule, testing::ValuesIn(interpreters()), parameter_name);

}  // namespace
}  // namespace pyfault::test
