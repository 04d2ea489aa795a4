// The watchdog stands in for the program: signals, orphans and preloaded libraries must reach the
// program as if it had been started directly.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;

// `tell_watchdog(number)` forks a process that sends this signal to the watchdog once the program
// is asleep.
constexpr char kBegin[] = R"PY(
import ctypes, os, signal, sys, time
def tell_watchdog(number):
    pid, watchdog = os.getpid(), os.getppid()
    if os.fork() == 0:
        looks = 0
        while looks < 20:
            with open("/proc/%d/stat" % pid) as file:
                looks = looks + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
            time.sleep(0.01)
        os.kill(watchdog, number)
        os._exit(0)
def wait_for_lock():
    time.sleep(60)
)PY";

class StandIn : public testing::Test {
 protected:
  Outcome run_program(const std::string& code, const std::vector<std::string>& wrapper = {},
                      const std::map<std::string, std::string>& environment = {}) {
    write_file(program_, kBegin + code);
    return run_watched({program_}, wrapper, environment);
  }
  Outcome run_watched(const std::vector<std::string>& program,
                      const std::vector<std::string>& wrapper = {},
                      const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> command = wrapper;
    for (const std::string& word : watchdog_.command(program)) command.push_back(word);
    return run({.command = command, .environment = environment, .directory = directory_.path()});
  }
  bool has(const std::string& program) const {
    return run({.command = {"sh", "-c", "command -v " + program}}).ending == exited(0);
  }

  TempDirectory directory_;
  const std::string program_ = directory_.path() / "program.py";
  Watchdog watchdog_{interpreters().front(), directory_.path() / "log"};
};

// `timeout -s ABRT` and `docker kill -s ABRT` send such signals to get the stacks of a program that
// hangs. They reach the watchdog.
class StandInSignal : public StandIn, public testing::WithParamInterface<int> {};

TEST_P(StandInSignal, what_is_sent_to_us_is_the_programs_death_and_ours_after_the_report) {
  const Outcome outcome =
      run_program("tell_watchdog(" + std::to_string(GetParam()) + ")\nwait_for_lock()\n");
  EXPECT_EQ(outcome.ending, killed_by(GetParam()));
  ASSERT_THAT(watchdog_.events("crash"), SizeIs(1));
  EXPECT_THAT(watchdog_.events("crash")[0].dump(), HasSubstr("\"wait_for_lock\""));
  EXPECT_THAT(watchdog_.events("exit"), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(Each, StandInSignal,
                         testing::Values(SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS,
                                         SIGXCPU));

// Signals that by default stop or continue a program or do nothing, and two that Python ignores.
class StandInHandled : public StandIn, public testing::WithParamInterface<int> {};

TEST_P(StandInHandled, what_the_program_handles_reaches_it) {
  const std::string number = std::to_string(GetParam());
  const Outcome outcome =
      run_program("signal.signal(" + number + ", lambda *_: sys.exit(3))\ntell_watchdog(" + number +
                  ")\nwait_for_lock()\n");
  EXPECT_EQ(outcome.ending, exited(3));
}

INSTANTIATE_TEST_SUITE_P(Each, StandInHandled,
                         testing::Values(SIGTTIN, SIGTTOU, SIGTSTP, SIGCONT, SIGURG, SIGPIPE,
                                         SIGXFSZ));

TEST_F(StandIn, as_the_first_process_what_is_orphaned_does_not_stay_a_zombie) {
  if (::geteuid() != 0) GTEST_SKIP() << "a PID namespace takes root's rights";
  const Outcome outcome = run_program(R"PY(
for _ in range(20):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.1)  # an orphan by then
        os._exit(0)
    os.wait()
while sum(name.isdigit() for name in os.listdir("/proc")) > 2:
    time.sleep(0.05)
print("none", os.getppid())
)PY",
                                      {"unshare", "-pf", "--mount-proc", "--kill-child"});
  EXPECT_EQ(outcome.out, "none 1\n") << outcome.err;
}

TEST_F(StandIn, a_sanitizer_that_was_preloaded_stays_in_front) {
  const Outcome found = run({.command = {"g++", "-print-file-name=libasan.so"}});
  const std::string library = found.out.substr(0, found.out.find('\n'));
  if (!library.starts_with('/')) GTEST_SKIP() << "GCC's libasan is not here";
  const Outcome outcome =
      run_program("ctypes.memset(0, 1, 1)\n", {},
                  {{"LD_PRELOAD", library}, {"ASAN_OPTIONS", "detect_leaks=0:handle_segv=0"}});
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV)) << outcome.err;
  EXPECT_THAT(watchdog_.events("crash"), SizeIs(1));
}

TEST_F(StandIn, a_program_of_another_libc_starts_and_is_said_not_to_be_watched) {
  if (!has("musl-gcc")) GTEST_SKIP() << "musl-gcc is not here (Debian's package musl-tools)";
  const std::string source = directory_.path() / "program.c";
  const std::string binary = directory_.path() / "program";
  write_file(source,
             "#include <pthread.h>\n#include <signal.h>\n#include <stdio.h>\n"
             "static void* start(void* argument) { return argument; }\n"
             "int main(void) {\n  pthread_t thread;\n  pthread_create(&thread, 0, start, 0);\n"
             "  pthread_join(thread, 0);\n  signal(SIGSEGV, SIG_DFL);\n"
             "  fprintf(stderr, \"%s\\n\", \"said\");\n  return 7;\n}\n");
  ASSERT_EQ(run({.command = {"musl-gcc", "-o", binary, source}}).ending, exited(0));
  const Outcome outcome = run_watched({binary});
  EXPECT_EQ(outcome.ending, exited(7));
  EXPECT_EQ(outcome.err, "said\n");
  ASSERT_THAT(watchdog_.events("unwatched"), SizeIs(1));
  EXPECT_EQ(watchdog_.events("unwatched")[0]["reason"], "other-libc");
}

}  // namespace
}  // namespace pyfault::test
