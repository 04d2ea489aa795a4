// When another process sends a signal that the program handles, the program's stacks must be in the
// log before the program's handler runs. In every other respect the signal must work as it would
// without us.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::IsEmpty;
using testing::SizeIs;

// `wait` is what each program does until it is told to end. `tell(*signals)` forks a process that
// sends these signals to the program, one second apart, once the program is asleep.
constexpr char kBegin[] = R"PY(
import ctypes, os, signal, sys, time
def tell(*numbers):
    pid = os.getpid()
    if os.fork() == 0:
        looks = 0
        while looks < 20:
            with open("/proc/%d/stat" % pid) as file:
                looks = looks + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
            time.sleep(0.01)
        for number in numbers:
            os.kill(pid, number)
            time.sleep(1)
        os._exit(0)
def wait():
    time.sleep(60)
def end(number, frame):
    sys.exit(3)
)PY";

class DumpBefore : public testing::TestWithParam<Interpreter> {
 protected:
  Outcome run_program(const std::string& code, const std::vector<std::string>& options = {}) {
    write_file(program_, kBegin + code);
    std::vector<std::string> command = watchdog_.command({program_});
    command.insert(command.begin() + 1, options.begin(), options.end());
    return run({.command = command, .directory = directory_.path()});
  }
  std::vector<json> dumps() const { return watchdog_.events("dump"); }
  bool shows(const std::string& function) const {
    return dumps().at(0).at("threads").at(0).dump().find('"' + function + '"') != std::string::npos;
  }

  TempDirectory directory_;
  const std::string program_ = directory_.path() / "program.py";
  Watchdog watchdog_{GetParam(), directory_.path() / "log"};
};

TEST_P(DumpBefore, the_program_handles_it_as_it_would) {
  const Outcome outcome =
      run_program("signal.signal(signal.SIGABRT, end)\ntell(signal.SIGABRT)\nwait()\n");
  EXPECT_EQ(outcome.ending, exited(3));
  ASSERT_THAT(dumps(), SizeIs(1));
  const json request = dumps()[0].at("requested_by");
  EXPECT_EQ(request.at("signal"), "SIGABRT");
  EXPECT_NE(request.at("sender_pid"), dumps()[0].at("process").at("pid"));
  EXPECT_TRUE(shows("wait"));
}

TEST_P(DumpBefore, a_handler_that_never_gets_to_run_is_no_obstacle) {
  const Outcome outcome = run_program(
      "signal.signal(signal.SIGABRT, end)\ntell(signal.SIGABRT, signal.SIGKILL)\n"
      "mutex = ctypes.create_string_buffer(64)\n"
      "def hold():\n"
      "    for _ in range(2):\n        ctypes.PyDLL(None).pthread_mutex_lock(mutex)\n"
      "hold()\n");
  EXPECT_EQ(outcome.ending, killed_by(SIGKILL));
  ASSERT_THAT(dumps(), SizeIs(1));
  EXPECT_TRUE(shows("hold"));
}

TEST_P(DumpBefore, what_the_program_sends_itself_goes_straight_to_it) {
  const Outcome outcome = run_program(
      "signal.signal(signal.SIGABRT, end)\nos.kill(os.getpid(), signal.SIGABRT)\nwait()\n");
  EXPECT_EQ(outcome.ending, exited(3));
  EXPECT_THAT(dumps(), IsEmpty());
}

TEST_P(DumpBefore, other_signals_are_recorded_where_that_is_asked_for) {
  const std::string code = "signal.signal(signal.SIGTERM, end)\ntell(signal.SIGTERM)\nwait()\n";
  EXPECT_EQ(run_program(code).ending, exited(3));
  EXPECT_THAT(dumps(), IsEmpty());
  EXPECT_EQ(run_program(code, {"--dump-before", "ABRT,TERM"}).ending, exited(3));
  ASSERT_THAT(dumps(), SizeIs(1));
  EXPECT_EQ(dumps()[0].at("requested_by").at("signal"), "SIGTERM");
}

TEST_P(DumpBefore, nothing_is_recorded_where_that_is_asked_for) {
  const Outcome outcome =
      run_program("signal.signal(signal.SIGABRT, end)\ntell(signal.SIGABRT)\nwait()\n",
                  {"--dump-before", "none"});
  EXPECT_EQ(outcome.ending, exited(3));
  EXPECT_THAT(dumps(), IsEmpty());
}

TEST_P(DumpBefore, who_does_not_handle_it_crashes_once) {
  EXPECT_EQ(run_program("tell(signal.SIGABRT)\nwait()\n").ending, killed_by(SIGABRT));
  EXPECT_THAT(dumps(), IsEmpty());
  EXPECT_THAT(watchdog_.events("crash"), SizeIs(1));
}

// sigaction() must return the program's own handler and flags, and SA_RESETHAND must still reset
// the handler.
TEST_P(DumpBefore, the_program_sees_its_own_action) {
  const Outcome outcome = run_program(R"(
libc = ctypes.CDLL(None)
def current():
    action = ctypes.create_string_buffer(152)
    libc.sigaction(signal.SIGABRT, None, action)
    return ctypes.c_void_p.from_buffer(action).value, ctypes.c_uint.from_buffer(action, 136).value
handler = ctypes.cast(libc.abs, ctypes.c_void_p).value
wanted = ctypes.create_string_buffer(152)
ctypes.c_void_p.from_buffer(wanted).value = handler
ctypes.c_uint.from_buffer(wanted, 136).value = 0x80000000  # SA_RESETHAND
libc.sigaction(signal.SIGABRT, wanted, None)
print(current() == (handler, 0x80000000))
tell(signal.SIGABRT)
time.sleep(1)
print(current()[0])
)");
  EXPECT_EQ(outcome.out, "True\nNone\n") << outcome.err;
  EXPECT_THAT(dumps(), SizeIs(1));
}

TEST_P(DumpBefore, signal_keeps_to_what_siginterrupt_has_asked_for) {
  const Outcome outcome = run_program(R"(
libc = ctypes.CDLL(None)
handler = ctypes.cast(libc.abs, ctypes.c_void_p)
libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
def restarts():
    action = ctypes.create_string_buffer(152)
    libc.sigaction(signal.SIGABRT, None, action)
    return ctypes.c_uint.from_buffer(action, 136).value >> 28 & 1
libc.signal(signal.SIGABRT, handler)
seen = [restarts()]
for interrupts in 1, 0:
    libc.siginterrupt(signal.SIGABRT, interrupts)
    seen.append(restarts())
    libc.signal(signal.SIGABRT, handler)
    seen.append(restarts())
print(seen)
)");
  EXPECT_EQ(outcome.out, "[1, 0, 0, 1, 1]\n") << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(E2e, DumpBefore, testing::ValuesIn(interpreters()), parameter_name);

}  // namespace
}  // namespace pyfault::test
