// A program that says `import pyfault.faulthandler as faulthandler` gets CPython's own reports in
// its file, byte for byte, and our record before them.
#include <gmock/gmock.h>

#include <csignal>
#include <regex>

#include "tests/e2e/door_fixture.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kOurs[] = "import pyfault.faulthandler as faulthandler\n";
constexpr char kCpythons[] = "import faulthandler\n";

class FaulthandlerDoor : public Door {
 protected:
  // What two processes do not have in common: addresses, and that the module is among those that
  // faulthandler lists as extensions from 3.10 on.
  static std::string steady(const std::string& report) {
    const std::string extensions = "\nExtension modules: pyfault.faulthandler (total: 1)\n";
    const std::size_t at = report.find(extensions);
    const std::string rest =
        at == std::string::npos ? report : std::string(report).erase(at, extensions.size());
    return std::regex_replace(rest, std::regex("0x[0-9a-f]+"), "*");
  }
  std::string their_file() const { return steady(read_file(file("their"))); }
  Outcome run_with(const std::string& import, const std::string& code,
                   const std::vector<std::string>& options = {}) {
    program(import + "their = open('their', 'w')\n" + code);
    std::vector<std::string> words = options;
    words.emplace_back("program.py");
    return run(python(words));
  }
};

// The signal, and the way to raise it.
constexpr char kCrashes[] = R"(
import ctypes, sys, threading, time
faulthandler.enable(their)
def crash():
    time.sleep(0.5)  # until the main thread waits
    {"segv": lambda: ctypes.string_at(0), "abort": lambda: ctypes.CDLL(None).abort(),
     "fpe": faulthandler._sigfpe}[way]()
thread = threading.Thread(target=crash)
thread.start()
thread.join()
)";

TEST_P(FaulthandlerDoor, the_file_gets_what_faulthandler_alone_would_write) {
  for (const std::string way : {"segv", "abort", "fpe"}) {
    const std::string code = "way = '" + way + "'\n" + kCrashes;
    const Outcome expected = run_with(kCpythons, code);
    const std::string report = their_file();
    EXPECT_EQ(run_with(kOurs, code).ending, expected.ending);
    EXPECT_EQ(their_file(), report);
    EXPECT_THAT(crashes_until_the_end(), SizeIs(1)) << way;
    std::filesystem::remove(file("log"));
  }
}

TEST_P(FaulthandlerDoor, what_was_enabled_before_the_module_came_is_put_behind_too) {
  EXPECT_EQ(
      run_with(kOurs, "faulthandler.enable(their)\nfaulthandler._sigsegv()", {"-X", "faulthandler"})
          .ending,
      killed_by(SIGSEGV));
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
  EXPECT_THAT(their_file(), HasSubstr("Fatal Python error: Segmentation fault"));
}

TEST_P(FaulthandlerDoor, a_watchdog_that_was_there_first_changes_nothing) {
  program(std::string(kOurs) + "faulthandler.enable(open('their', 'w'))\nfaulthandler._sigsegv()");
  EXPECT_EQ(run(with_package(watched())).ending, killed_by(SIGSEGV));
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
  EXPECT_THAT(watchdog().events("handler-replaced"), IsEmpty());
  EXPECT_THAT(their_file(), HasSubstr("Fatal Python error: Segmentation fault"));
}

// faulthandler blocks in write(), where it would have been before the record.
TEST_P(FaulthandlerDoor, the_record_is_there_although_nobody_reads_from_the_file) {
  program(std::string(kOurs) + R"(
import os
end, full = os.pipe()
os.set_blocking(full, False)
try:
    while True:
        os.write(full, bytes(4096))
except BlockingIOError:
    os.set_blocking(full, True)
faulthandler.enable(full)
faulthandler._sigsegv()
)");
  ChildProcess hanging(alone());
  EXPECT_THAT(await("crash"), SizeIs(1));
  hanging.send(SIGKILL);
  EXPECT_EQ(hanging.wait().ending, killed_by(SIGKILL));
}

TEST_P(FaulthandlerDoor, disable_gives_everything_back) {
  const Outcome outcome = run_with(kOurs, R"(
import pyfault
print(faulthandler.is_enabled(), pyfault.is_enabled())
faulthandler.enable(their)
print(faulthandler.is_enabled(), pyfault.is_enabled())
print(faulthandler.disable(), faulthandler.disable())
print(faulthandler.is_enabled(), pyfault.is_enabled(), flush=True)
faulthandler._sigsegv()
)");
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV)) << outcome.err;
  EXPECT_EQ(outcome.out, "False False\nTrue True\nTrue False\nFalse False\n");
  EXPECT_THAT(crashes_until_the_end(), IsEmpty());
  EXPECT_EQ(their_file(), "");
}

TEST_P(FaulthandlerDoor, disable_leaves_what_pyfault_enable_has_begun) {
  run_with(kOurs, R"(
import pyfault
pyfault.enable()
faulthandler.enable(their)
faulthandler.disable()
faulthandler._sigsegv()
)");
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
  EXPECT_EQ(their_file(), "");
}

TEST_P(FaulthandlerDoor, enabled_again_it_is_behind_again) {
  run_with(kOurs, R"(
faulthandler.enable(their)
faulthandler.disable()
faulthandler.enable(their)
faulthandler._sigsegv()
)");
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
  EXPECT_THAT(their_file(), HasSubstr("Fatal Python error: Segmentation fault"));
}

// It lies in the interpreter as well, and handles the signal.
TEST_P(FaulthandlerDoor, a_handler_in_python_stays_in_front) {
  const Outcome outcome = run_with(kOurs, R"(
import os, signal
faulthandler.enable(their)
signal.signal(signal.SIGFPE, lambda *_: print("handled"))
faulthandler.enable(their)
os.kill(os.getpid(), signal.SIGFPE)
os.sys.exit(3)
)");
  EXPECT_EQ(outcome.ending, exited(3)) << outcome.err;
  EXPECT_EQ(outcome.out, "handled\n");
  EXPECT_THAT(crashes_until_the_end(), IsEmpty());
}

TEST_P(FaulthandlerDoor, a_forked_child_is_recorded_first_too) {
  run_with(kOurs, R"(
import os
faulthandler.enable(their)
if os.fork() == 0:
    faulthandler._sigsegv()
os.sys.exit(os.wait()[1] % 7)  # an end that is reported
)");
  EXPECT_THAT(crashes_until_the_end(), SizeIs(1));
  EXPECT_THAT(their_file(), HasSubstr("Fatal Python error: Segmentation fault"));
}

TEST_P(FaulthandlerDoor, errors_are_faulthandlers_and_nothing_is_watched_then) {
  const std::string code = R"(
import io
for arguments, names in [((-1,), {}), ((io.StringIO(),), {}), ((1, 2, 3, 4, 5), {}), ((), {"unknown": 1})]:
    try:
        faulthandler.enable(*arguments, **names)
    except Exception as error:
        print(type(error), error)
)";
  const std::string expected = run_with(kCpythons, code).out;
  const Outcome outcome =
      run_with(kOurs, code + "import pyfault\nassert not pyfault.is_enabled()\n");
  EXPECT_EQ(outcome.ending, exited(0)) << outcome.err;
  EXPECT_EQ(outcome.out, expected);
}

TEST_P(FaulthandlerDoor, has_every_function_of_the_version_and_works_where_nothing_can_be_watched) {
  program(R"(
import os, pyfault, faulthandler as original
import pyfault.faulthandler as faulthandler
print({name for name in dir(original) if not hasattr(faulthandler, name)})
print(faulthandler.dump_traceback is original.dump_traceback)
faulthandler.enable()
print(faulthandler.is_enabled(), pyfault.is_enabled())
)");
  Launch launch = alone();
  launch.environment["PYFAULT_LOG"] = "/nowhere/log";
  const Outcome outcome = run(launch);
  EXPECT_EQ(outcome.ending, exited(0));
  EXPECT_EQ(outcome.out, "set()\nTrue\nTrue False\n");
  EXPECT_EQ(outcome.err, "");
}

INSTANTIATE_TEST_SUITE_P(E2e, FaulthandlerDoor, testing::ValuesIn(interpreters()), parameter_name);

}  // namespace
}  // namespace pyfault::test
