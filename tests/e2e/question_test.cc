// A parent asks which crash its child had, with the Python package, and a worker why the one before
// it died.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/e2e/service_fixture.h"
#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_matrix.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// What all programs here begin with. `died(function)` forks a child that runs the function, and
// waits for its end.
constexpr char kBeginning[] = R"(
import ctypes, json, os, resource, signal, sys, time
sys.path.insert(0, os.environ["PYFAULT_TEST_PACKAGE"])
import pyfault
def tell(**answers):
    print(json.dumps(answers), flush=True)
def fail_in_here():
    ctypes.memset(0, 1, 1)
def died(function):
    pid = os.fork()
    if pid == 0:
        function()
        os._exit(0)
    os.waitpid(pid, 0)
    return pid
)";

class Question : public testing::TestWithParam<Interpreter> {
 protected:
  // Runs the program under the watchdog and returns what it told.
  json answers(const std::string& code, std::vector<std::string> options = {}) {
    write_file(directory_.path() / "program.py", kBeginning + code);
    std::vector<std::string> command = {watchdog_path(), "--native", "off", "--log",
                                        directory_.path() / "log"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"--exec", GetParam().path, directory_.path() / "program.py"});
    const Outcome outcome = run({.command = command,
                                 .environment = {{"PYFAULT_TEST_PACKAGE", PYFAULT_PYTHON_PACKAGE}},
                                 .directory = directory_.path()});
    EXPECT_EQ(outcome.ending, exited(0)) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }

  TempDirectory directory_;
};

TEST_P(Question, a_parent_gets_the_traceback_of_its_child) {
  const json told = answers(R"(
pid = died(fail_in_here)
crash = pyfault.last_crash(pid, wait=10)
frames = [frame.function for frame in crash.threads[0].frames]
tell(pid=crash.process.pid == pid, signal=crash.signal.name, address=crash.signal.address, frames=frames, host=crash.host,
     text=str(crash), raw=crash.raw["event"])
)");
  EXPECT_EQ(told["pid"], true);
  EXPECT_EQ(told["signal"], "SIGSEGV");
  EXPECT_EQ(told["address"], 0);
  EXPECT_EQ(told["frames"][0], "fail_in_here");
  EXPECT_NE(told["host"], "");
  EXPECT_EQ(told["raw"], "crash");
  EXPECT_EQ(told["text"], read_file(directory_.path() / "log"));
}

TEST_P(Question, each_of_many_children_has_its_own_crash) {
  const json told = answers(R"(
def abort(): os.abort()
crashed = [died(fail_in_here), died(abort)]
clean = died(lambda: None)
begin = time.monotonic()
found = pyfault.last_crashes([clean] + crashed, wait=10)
tell(found=[found[pid].signal.name for pid in crashed], count=len(found), took=time.monotonic() - begin)
)");
  EXPECT_EQ(told["found"], json({"SIGSEGV", "SIGABRT"}));
  EXPECT_EQ(told["count"], 2);
  EXPECT_LT(told["took"], 9);
}

TEST_P(Question, a_program_that_its_child_executed_is_known_by_its_number) {
  const json told = answers(R"(
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import ctypes; ctypes.memset(0, 1, 1) "])
child.wait()
tell(signal=pyfault.last_crash(child.pid, wait=10).signal.name)
)");
  EXPECT_EQ(told["signal"], "SIGSEGV");
}

TEST_P(Question, of_a_child_that_was_killed_there_is_none_and_nobody_waits) {
  const json told = answers(R"(
pid = died(lambda: os.kill(os.getpid(), signal.SIGKILL))
begin = time.monotonic()
tell(crash=str(pyfault.last_crash(pid, wait=10)), took=time.monotonic() - begin)
)");
  EXPECT_EQ(told["crash"], "None");
  EXPECT_LT(told["took"], 9);
}

TEST_P(Question, a_living_process_is_waited_for_no_longer_than_was_said) {
  const json told = answers(R"(
begin = time.monotonic()
tell(crash=str(pyfault.last_crash(os.getpid(), wait=0.5)), took=time.monotonic() - begin)
)");
  EXPECT_EQ(told["crash"], "None");
  EXPECT_GE(told["took"], 0.5);
}

TEST_P(Question, the_signals_in_the_sockets_name_do_no_harm) {
  const json told =
      answers("tell(signal=pyfault.last_crash(died(fail_in_here), wait=10).signal.name)",
              {"--dump-before", "SIGTERM"});
  EXPECT_EQ(told["signal"], "SIGSEGV");
}

TEST_P(Question, another_user_learns_nothing) {
  if (geteuid() != 0) GTEST_SKIP() << "needs to become another user";
  const json told = answers(R"(
pid = died(fail_in_here)
mine = pyfault.last_crash(pid, wait=10)
read, write = os.pipe()
def ask():
    os.setuid(65534)
    found = pyfault.last_crash(pid, wait=1), pyfault.last_crash(wait=1)
    os.write(write, repr(found).encode())
died(ask)
tell(mine=mine is not None, stranger=os.read(read, 100).decode())
)");
  EXPECT_EQ(told["mine"], true);
  EXPECT_EQ(told["stranger"], "(None, None)");
}

TEST_P(Question, a_watchdog_that_is_stopped_or_gone_costs_the_wait_and_no_exception) {
  const json told = answers(R"(
watchdog = os.getppid()
pid = died(fail_in_here)
pyfault.last_crash(pid, wait=10)
os.kill(watchdog, signal.SIGSTOP)
begin = time.monotonic()
stopped, took = pyfault.last_crash(pid, wait=0.5), time.monotonic() - begin
os.kill(watchdog, signal.SIGCONT)
known = pyfault.last_crash(pid, wait=10)
os.environ["PYFAULT_SOCKET"] = "@pyfault-nobody-listens-here"
gone = pyfault.last_crash(pid)
del os.environ["PYFAULT_SOCKET"]
tell(none=[str(stopped), str(gone), str(pyfault.last_crash())], took=took, known=known is not None)
)");
  EXPECT_EQ(told["none"], json({"None", "None", "None"}));
  EXPECT_GE(told["took"], 0.5);
  EXPECT_LT(told["took"], 30);
  EXPECT_EQ(told["known"], true);
}

// Resident pages of the watchdog before and after, and the descriptors that it has open.
TEST_P(Question, a_thousand_questions_do_not_grow_the_watchdog) {
  const json told = answers(R"(
def size():
    folder = "/proc/%d" % os.getppid()
    return int(open(folder + "/statm").read().split()[1]), len(os.listdir(folder + "/fd"))
pid = died(fail_in_here)
for _ in range(100):
    assert pyfault.last_crash(pid, wait=10) is not None
before = size()
for _ in range(1000):
    assert pyfault.last_crash(pid, wait=10) is not None
time.sleep(0.1)
after = size()
tell(pages=after[0] - before[0], descriptors=after[1] - before[1])
)");
  EXPECT_LT(told["pages"], 128);
  EXPECT_LE(told["descriptors"], 0);
}

INSTANTIATE_TEST_SUITE_P(, Question, testing::ValuesIn(interpreters()),
                         [](const auto& each) { return test_name(each.param); });

class QuestionInService : public ServiceTest {
 protected:
  void start_with_package() { start({{"PYFAULT_TEST_PACKAGE", PYFAULT_PYTHON_PACKAGE}}); }
};

TEST_F(QuestionInService, a_worker_learns_why_the_one_before_it_died) {
  one_worker(std::string(kBeginning) + R"(
crash = pyfault.last_crash()
if crash is None:
    fail_in_here()
with open("new", "w") as file:
    print(json.dumps([crash.id, crash.worker, crash.threads[0].frames[0].function, crash.host != ""]), file=file)
os.rename("new", "told")
signal.pause()
)",
             "native = \"off\"\nbackoff = { initial = \"100ms\" }\n");
  start_with_package();
  const json told = json::parse(await_file("told"));
  EXPECT_EQ(told[0], await("crash").front()["id"]);
  EXPECT_EQ(told[1], "web");
  EXPECT_EQ(told[2], "fail_in_here");
  EXPECT_EQ(told[3], true);
}

TEST_F(QuestionInService, a_crash_that_is_abridged_in_the_log_is_told_in_full) {
  one_worker(std::string(kBeginning) + R"(
for _ in range(8):
    crash = pyfault.last_crash(died(fail_in_here), wait=10)
with open("new", "w") as file:
    print(json.dumps([crash.abridged, crash.occurrence, [f.function for f in crash.threads[0].frames]]), file=file)
os.rename("new", "told")
signal.pause()
)",
             "native = \"off\"\n");
  start_with_package();
  const json told = json::parse(await_file("told"));
  EXPECT_EQ(told[0], false);
  EXPECT_EQ(told[1], 8);
  EXPECT_EQ(told[2][0], "fail_in_here");
  EXPECT_EQ(await("crash", 8).back()["abridged"], true);
}

}  // namespace
}  // namespace pyfault::test
