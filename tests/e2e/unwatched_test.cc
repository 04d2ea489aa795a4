// A process that cannot be watched must be reported, with the reason: once when this is found out,
// and again if it dies without a record.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/e2e/both_ways.h"
#include "tests/e2e/service_fixture.h"
#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class Unwatched : public testing::Test {
 protected:
  void run_program(std::vector<std::string> program, std::function<void()> before_exec = {}) {
    const Outcome outcome = run({.command = watchdog_.command(program),
                                 .directory = directory_.path(),
                                 .before_exec = std::move(before_exec)});
    EXPECT_EQ(outcome.ending, killed_by(SIGSEGV)) << outcome.err;
    EXPECT_TRUE(watchdog_.events("crash").empty());
  }
  void run_python(const std::string& code, std::function<void()> before_exec = {}) {
    run_program({"-c", code}, std::move(before_exec));
  }
  std::string told() const {
    const auto events = watchdog_.events("unwatched");
    return events.empty() ? "" : events.front()["reason"].get<std::string>();
  }
  std::string why_no_record() const {
    const json why = watchdog_.events("exit").front()["unwatched"];
    return why.is_null() ? "" : why["reason"].get<std::string>();
  }
  void expect_told(const std::string& reason) const {
    EXPECT_EQ(told(), reason) << watchdog_.report();
    EXPECT_EQ(why_no_record(), reason);
  }
  // Runs a program that starts this command, and kills it when the log has told of it.
  void run_parent_of(const std::string& command) {
    const std::string log = directory_.path() / "log";
    const std::string code =
        "import subprocess, sys, time\nchild = subprocess.Popen(" + command + R"py()
while '"unwatched"' not in open(sys.argv[1]).read():
    time.sleep(0.1)
child.send_signal(11)
child.wait()
)py";
    const Outcome outcome = run({.command = watchdog_.command({"-c", code, log})});
    EXPECT_EQ(outcome.ending, exited(0)) << outcome.err;
  }
  void expect_told_below(const std::string& reason) const {
    EXPECT_EQ(told(), reason) << watchdog_.report();
    const std::vector<json> ends = watchdog_.events(Watchdog::kExitBelow);
    ASSERT_EQ(ends.size(), 1U) << watchdog_.report();
    EXPECT_EQ(ends[0]["unwatched"]["reason"], reason);
  }
  // A copy of the static program, which needs no other files, under this name.
  fs::path program_named(const std::string& name) const {
    const fs::path copy = directory_.path() / name;
    fs::copy_file(PYFAULT_STATIC_PROGRAM, copy);
    return copy;
  }

  TempDirectory directory_;
  Watchdog watchdog_{interpreters().front(), directory_.path() / "log"};
};

TEST_F(Unwatched, statically_linked) {
  run_program({PYFAULT_STATIC_PROGRAM});
  expect_told("statically-linked");
}

TEST_F(Unwatched, set_user_id) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a program of another user";
  const fs::path program = program_named("privileged");
  ASSERT_EQ(::chown(program.c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chmod(program.c_str(), 04755), 0);
  run_program({program});
  expect_told("set-user-id");
}

TEST_F(Unwatched, another_implementation_of_python) {
  const fs::path program = directory_.path() / "pypy3.10";
  fs::copy_file(fs::canonical("/bin/sh"), program);
  run_program({program, "-c", "sleep 3; kill -SEGV $$"});
  expect_told("other-implementation");
}

TEST_F(Unwatched, python_whose_agent_was_taken_away) {
  run_program({"/usr/bin/env", "-u", "LD_PRELOAD", interpreters().front().path, "-c",
               "import os, time; time.sleep(5); os.kill(os.getpid(), 11)"});
  expect_told("agent-not-loaded");
}

TEST_F(Unwatched, python_that_cannot_have_shared_memory) {
  run_python("import os; os.kill(os.getpid(), 11)", [] {
    const rlimit few{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &few);
  });
  expect_told("no-memory");
  EXPECT_THAT(watchdog_.report(), HasSubstr("File too large"));
}

TEST_F(Unwatched, python_that_takes_the_agents_handler_away_by_a_system_call) {
  run_python(R"(
import ctypes, os
default = (ctypes.c_ulong * 4)()
ctypes.CDLL(None).syscall(13, 11, default, None, 8)  # rt_sigaction(SIGSEGV)
os.kill(os.getpid(), 11)
)");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(why_no_record(), "handler-bypassed");
}

TEST_F(Unwatched, no_python_at_all_is_told_of_at_its_death) {
  run_program({"/bin/sh", "-c", "kill -SEGV $$"});
  EXPECT_EQ(told(), "");
  EXPECT_EQ(why_no_record(), "not-python");
}

TEST_F(Unwatched, no_python_at_all_is_no_word_while_it_lives) {
  watchdog_.format("text");
  const Outcome outcome = run({.command = watchdog_.command({"/bin/sleep", "4"})});
  EXPECT_EQ(outcome.ending, exited(0));
  EXPECT_EQ(watchdog_.report() + outcome.err, "");
}

TEST_F(Unwatched, a_python_that_comes_late_is_watched_after_all) {
  const Outcome outcome =
      run({.command = watchdog_.command({"/bin/sh", "-c", "sleep 5; exec \"$@\"", "sh",
                                         interpreters().front().path, "-c",
                                         "import os; os.kill(os.getpid(), 11)"})});
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
  EXPECT_EQ(watchdog_.events("crash").size(), 1U) << watchdog_.report();
  EXPECT_EQ(why_no_record(), "");
}

TEST_F(Unwatched, python_below_the_program_is_told_of_and_so_is_its_end) {
  run_parent_of(
      R"py(["/usr/bin/env", "-i", sys.executable, "-c", "import signal; signal.pause()"])py");
  expect_told_below("agent-not-loaded");
  EXPECT_EQ(watchdog_.events(Watchdog::kExitBelow)[0]["parents"].size(), 1U);
}

TEST_F(Unwatched, a_program_that_executes_a_python_without_the_agent_is_told_of) {
  run_program({"-c", R"py(
import os, sys
dies = '''
import os, sys, time
while '"unwatched"' not in open(sys.argv[1]).read(): time.sleep(0.1)
os.kill(os.getpid(), 11)
'''
os.execve(sys.executable, [sys.executable, "-c", dies, sys.argv[1]], {})
)py",
               directory_.path() / "log"});
  expect_told("agent-not-loaded");
}

// The child was watched before.
TEST_F(Unwatched, a_python_below_that_executes_one_without_the_agent_is_told_of) {
  run_parent_of(R"py([sys.executable, "-c", """
import os, sys
os.execve(sys.executable, [sys.executable, "-c", "import signal; signal.pause()"], {})
"""])py");
  expect_told_below("agent-not-loaded");
}

class UnwatchedWorker : public ServiceTest {
 protected:
  json status() { return json::parse(ctl({"status", "--json"}).out)["workers"][0]["watched"]; }
};

TEST_F(UnwatchedWorker, has_the_reason_in_the_status) {
  config("[[worker]]\nname = \"web\"\ncommand = [\"" PYFAULT_STATIC_PROGRAM "\", \"1000\"]\n");
  start();
  EXPECT_EQ(await("unwatched").front()["reason"], "statically-linked");
  EXPECT_EQ(status()["own"], false);
  EXPECT_EQ(status()["reason"], "statically-linked");
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("\tno: statically-linked\n"));
}

TEST_F(UnwatchedWorker, and_one_that_is_watched_says_yes) {
  one_worker("import signal; signal.pause()");
  start();
  await("ready");
  EXPECT_EQ(status()["own"], true);
  EXPECT_EQ(status()["processes"], 1);
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("\tyes\n"));
}

class UnwatchedBelow : public ServiceTest, public testing::WithParamInterface<Interpreter> {
 protected:
  UnwatchedBelow() : ServiceTest(GetParam()) {}

  // A worker with a child that has lost the agent, a child that has not, and one without Python.
  void start_worker_with_children() {
    one_worker(R"py(
import os, subprocess, sys
waits = [sys.executable, "-c", "import signal; signal.pause()"]
subprocess.Popen(["/usr/bin/env", "-i", *waits])
subprocess.Popen(waits)
subprocess.run(["/usr/bin/env", "-i", "/bin/sleep", "1000"])
)py");
    start();
    unwatched_ = await("unwatched").front();
  }
  int pid() const { return unwatched_["process"]["pid"]; }
  int parent() const { return unwatched_["parents"][0]["pid"]; }
  json status() { return json::parse(ctl({"status", "--json"}).out)["workers"][0]; }

  json unwatched_;
};
INSTANTIATE_TEST_SUITE_P(E2e, UnwatchedBelow, testing::ValuesIn(interpreters()), parameter_name);

TEST_P(UnwatchedBelow, only_the_python_that_has_lost_the_agent_is_reported) {
  start_worker_with_children();
  EXPECT_EQ(unwatched_["reason"], "agent-not-loaded");
  EXPECT_EQ(unwatched_["process"]["command"].back(), "import signal; signal.pause()");
  EXPECT_EQ(parent(), status()["pid"]);
  EXPECT_EQ(status()["watched"]["unwatched_below"], 1);
  EXPECT_EQ(events("unwatched").size(), 1U);
}

TEST_P(UnwatchedBelow, its_end_is_told_with_the_reason) {
  start_worker_with_children();
  ASSERT_EQ(::kill(pid(), SIGKILL), 0);
  const json exit = await(Watchdog::kExitBelow).front();
  EXPECT_EQ(exit["process"]["pid"], pid());
  EXPECT_EQ(exit["unwatched"]["reason"], "agent-not-loaded");
  EXPECT_EQ(exit["handler_replaced"], nullptr);
  await_that("the status counts it no more",
             [&] { return status()["watched"]["unwatched_below"] == 0; });
}

TEST_P(UnwatchedBelow, a_watched_child_that_executes_another_python_without_the_agent) {
  one_worker(R"py(
import os, sys
child = os.fork()
if child == 0:
    os.execve(sys.executable, [sys.executable, "-c", "import signal; signal.pause()"], {})
os.waitpid(child, 0)
)py");
  start();
  const json unwatched = await("unwatched").front();
  EXPECT_EQ(unwatched["reason"], "agent-not-loaded");
  ASSERT_EQ(::kill(unwatched["process"]["pid"], SIGSEGV), 0);
  const json exit = await(Watchdog::kExitBelow).front();
  EXPECT_EQ(exit["unwatched"]["reason"], "agent-not-loaded");
  EXPECT_EQ(exit["exit"]["signal"], "SIGSEGV");
}

}  // namespace
}  // namespace pyfault::test
