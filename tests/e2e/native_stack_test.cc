// A crash must show which C function was called from which line of Python, in one stack, for every
// interpreter, whether it has symbols or not.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "tests/e2e/both_ways.h"
#include "tests/e2e/merged_stack.h"
#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::_;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class NativeStack : public testing::TestWithParam<Interpreter> {
 protected:
  void run_program(const std::string& code, const std::string& mode = "on",
                   const std::string& format = "json") {
    write_file(program_, "import ctypes, os, threading\n" + code);
    outcome_ = run({.command = watchdog_.format(format).native(mode).command({program_}),
                    .directory = directory_.path()});
  }
  // A process is looked at for a moment only. On a busy machine that may be too short for all of
  // its threads; then it is run again.
  void run_in_time(const std::string& code) {
    constexpr int kTries = 5;
    for (int tries = 0; tries < kTries; ++tries) {
      std::filesystem::remove(directory_.path() / "log");
      run_program(code);
      if (!watchdog_has_said({"in time", "took too long", "no time left"})) return;
    }
  }
  bool watchdog_has_said(const std::vector<std::string>& phrases) const {
    const std::string report = watchdog_.report();
    return std::ranges::any_of(phrases, [&](const std::string& phrase) {
      return report.find(phrase) != std::string::npos;
    });
  }
  json crash() const { return watchdog_.events("crash").at(0); }
  json thread() const { return crash().at("threads").at(0); }
  // The thread that was running a Python function of this name.
  static json thread_in(const json& event, const std::string& function) {
    for (const json& thread : event.at("threads")) {
      for (const json& frame : thread.at("frames")) {
        if (frame.value("function", "") == function) return thread;
      }
    }
    return {};
  }

  // Of its Python frames, innermost first.
  static std::vector<std::string> functions_of(const json& thread) {
    std::vector<std::string> functions;
    for (const json& frame : thread.at("frames")) {
      functions.push_back(frame.contains("unreadable") ? "unreadable" : frame.at("function"));
    }
    return functions;
  }

  void expect_merged(const std::string& pattern) const { expect_merged(thread(), pattern); }
  static void expect_merged(const json& thread, const std::string& pattern) {
    expect_in_order(thread, pattern);
    EXPECT_EQ(thread.at("native").at("complete"), true) << thread.at("native");
  }
  // Of a thread that is read from outside, the frame pointer is not known, by which functions of
  // CPython 3.15 find their frames.
  static void expect_merged_from_outside(const json& thread, const std::string& pattern) {
    if (GetParam().version < Version{3, 15}) return expect_merged(thread, pattern);
    expect_in_order(thread, pattern);
    EXPECT_EQ(thread.at("native").at("merged_by"), "anchors");
  }
  static void expect_in_order(const json& thread, const std::string& pattern) {
    SCOPED_TRACE(pattern);
    ASSERT_TRUE(thread.is_object());
    ASSERT_TRUE(thread.at("stack").is_array()) << thread.at("native");
    expect_a_possible_stack(thread);
    const auto names = stack_names(thread);
    EXPECT_TRUE(has_in_order(names, pattern))
        << "expected " << pattern << "\nbut saw  " << testing::PrintToString(names);
  }

  TempDirectory directory_;
  const std::string program_ = directory_.path() / "program.py";
  Watchdog watchdog_{GetParam(), directory_.path() / "log"};
  Outcome outcome_;
};

// The offsets and addresses of C functions, but for the handler that prints them: "+0x155
// [0x7f4763971fe5]". Names differ where debug information has others.
std::vector<std::string> places_in_functions(const std::string& text) {
  static const std::regex kLine(
      "  Binary file .*, at (?!_Py_DumpStack)[^+ ]+(\\+0x[0-9a-f]+ \\[0x[0-9a-f]+\\])");
  std::vector<std::string> places;
  for (std::sregex_iterator line(text.begin(), text.end(), kLine), end; line != end; ++line) {
    places.push_back((*line)[1]);
  }
  return places;
}

constexpr char kNestedCalls[] = R"(
def leaf():
    ctypes.memset(0, 1, 1)
def main():
    sorted([1, 2], key=lambda each: leaf())
main()
)";

TEST_P(NativeStack, python_that_c_calls_stands_between_the_c_functions) {
  run_program(kNestedCalls);
  expect_merged("(leaf) <- (<lambda>) <- (main) <- (<module>) <- _start");
  EXPECT_EQ(crash().at("diagnosis").at("kind"), "null-pointer");
}

TEST_P(NativeStack, a_callback_of_a_c_library_is_merged) {
  run_program(R"(
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(left, right):
    return ctypes.memset(0, 1, 1)
def sort():
    ctypes.CDLL(None).qsort((ctypes.c_int * 2)(2, 1), 2, 4, compare)
sort()
)");
  expect_merged("ffi_call <- (compare) <- ffi_call <- (sort) <- (<module>) <- _start");
}

// The link of leaf()'s frame to its caller is overwritten with the frame of main().
constexpr char kOverwrittenLink[] = R"(
import sys
is_frame_apart = sys.version_info >= (3, 11)
PREVIOUS = 24 if not is_frame_apart else 48 if sys.version_info < (3, 12) else 8
def address_of(frame):
    return ctypes.c_size_t.from_address(id(frame) + 24).value if is_frame_apart else id(frame)
def leaf():
    frame, of_main = sys._getframe(), sys._getframe(5)
    ctypes.c_size_t.from_address(address_of(frame) + PREVIOUS).value = address_of(of_main)
    ctypes.memset(0, 1, 1)
def inner():
    list(map(lambda _: leaf(), [1]))
def middle():
    list(map(lambda _: inner(), [1]))
def main():
    middle()
main()
)";

TEST_P(NativeStack, frames_that_a_link_leads_past_are_shown_or_told_of) {
  run_program(kOverwrittenLink);
  const auto functions = functions_of(thread());
  EXPECT_THAT(functions, AnyOf(Contains("unreadable"),
                               ElementsAre("leaf", _, "inner", _, "middle", "main", "<module>")));
  const bool knows_its_loops =
      GetParam().version >= Version{3, 11} && GetParam().version < Version{3, 13};
  if (knows_its_loops) {
    EXPECT_THAT(functions, Contains("middle"));
  }
  EXPECT_NE(thread().at("native").at("incomplete_reason"), nullptr);
}

// As a function returns, its frame leaves the chain before its variables are released, in
// CPython 3.12 and later within the evaluation function.
TEST_P(NativeStack, a_destructor_that_runs_as_a_function_returns_is_merged) {
  run_program(R"(
class Broken:
    def __del__(self): ctypes.memset(0, 1, 1)
def hold(_): broken = Broken()
def main(): list(map(hold, [1]))
main()
)");
  expect_merged("(__del__) <- (main) <- (<module>) <- _start");
}

TEST_P(NativeStack, a_destructor_in_c_that_runs_as_a_function_returns_is_merged) {
  run_program(R"(
class Broken: __del__ = ctypes.CDLL(None).abort
def hold(_): broken = Broken()
def main(): list(map(hold, [1]))
main()
)");
  expect_merged("abort <- ffi_call <- (main) <- (<module>) <- _start");
}

TEST_P(NativeStack, of_a_call_through_null_the_caller_is_found) {
  run_program("ctypes.CFUNCTYPE(None)(0)()");
  expect_merged("ffi_call <- (<module>) <- _start");
  EXPECT_EQ(thread().at("stack").at(0).at("address"), "0x0");
  EXPECT_EQ(thread().at("stack").at(1).at("trust"), "top-of-stack");
}

TEST_P(NativeStack, a_page_beyond_the_end_of_a_file_tells_how_long_the_file_is) {
  run_in_time(R"(
import mmap
with open("shrunk", "wb+") as file:
    file.truncate(3 * mmap.PAGESIZE)
    pages = mmap.mmap(file.fileno(), 0)
    file.truncate(5)
    pages[2 * mmap.PAGESIZE]
)");
  EXPECT_EQ(crash().at("diagnosis").at("kind"), "past-end-of-file");
  EXPECT_THAT(crash().at("diagnosis").at("text").get<std::string>(),
              EndsWith("/shrunk, which has only 5 bytes"));
}

TEST_P(NativeStack, a_thread_begins_where_the_c_library_starts_it) {
  run_program(R"(
def crash():
    ctypes.memset(0, 1, 1)
thread = threading.Thread(target=crash)
thread.start()
thread.join()
)");
  expect_merged("(crash) <- (run) <- (_bootstrap)");
}

constexpr char kIsWaiting[] = R"PY(
def is_waiting(thread):
    with open("/proc/%s/stat" % thread) as file:
        return file.read().rpartition(")")[2].split()[0] == "S"
)PY";

// `await_rest()` returns when all threads but the calling one have been waiting for a while.
constexpr char kManyThreads[] = R"(
import queue, select, socket, subprocess, time
ends = socket.socketpair()
held = threading.Lock()
held.acquire()
def sleeps(): time.sleep(1000)
def gets(): queue.Queue().get()
def receives(): ends[0].recv(1)
def selects(): select.select([ends[0]], [], [])
def awaits(): threading.Event().wait()
def reaps(): subprocess.Popen(["cat"], stdin=subprocess.PIPE).wait()
def locks(): held.acquire()
all = [threading.Thread(target=each, daemon=True)
       for each in (sleeps, gets, receives, selects, awaits, reaps, locks)]
for each in all: each.start()
def await_rest():
    looks = 0
    while looks < 20:
        time.sleep(0.01)
        threads = os.listdir("/proc/self/task")
        is_rest_waiting = sum(map(is_waiting, threads)) == len(threads) - 1 == len(all)
        looks = looks + 1 if is_rest_waiting else 0
)";

constexpr std::array kWaiting = {"sleeps", "gets",  "receives", "selects",
                                 "awaits", "reaps", "locks"};

TEST_P(NativeStack, threads_that_wait_have_their_stacks) {
  run_in_time(kIsWaiting + std::string(kManyThreads) + R"(
def crash():
    await_rest()
    ctypes.memset(0, 1, 1)
def joins():
    all[-1].join()
all.append(threading.Thread(target=crash))
all[-1].start()
joins()
)");
  expect_merged("(crash) <- (run) <- (_bootstrap)");
  for (const std::string function : kWaiting) {
    expect_merged_from_outside(thread_in(crash(), function),
                               '(' + function + ") <- (run) <- (_bootstrap)");
  }
  expect_merged_from_outside(thread_in(crash(), "joins"),
                             "(join) <- (joins) <- (<module>) <- _start");
}

TEST_P(NativeStack, a_dump_has_them_too) {
  run_in_time(kIsWaiting + std::string(kManyThreads) + R"(
def dumps():
    ctypes.CDLL(None).pyfault_dump()
await_rest()
dumps()
)");
  const json dump = watchdog_.events("dump").at(0);
  expect_merged(dump.at("threads").at(0),
                "pyfault_dump <- ffi_call <- (dumps) <- (<module>) <- _start");
  for (const std::string function : kWaiting) {
    expect_merged_from_outside(thread_in(dump, function),
                               '(' + function + ") <- (run) <- (_bootstrap)");
  }
}

TEST_P(NativeStack, a_dump_before_a_handler_shows_what_the_signal_interrupted) {
  run_in_time(kIsWaiting + std::string(R"(
import signal, time
signal.signal(signal.SIGABRT, lambda *_: os._exit(0))
parent = os.getpid()
if os.fork() == 0:
    looks = 0
    while looks < 20:
        time.sleep(0.01)
        looks = looks + 1 if is_waiting(parent) else 0
    os.kill(parent, signal.SIGABRT)
    os._exit(0)
def waits():
    threading.Event().wait()
waits()
)"));
  const json dump = watchdog_.events("dump").at(0);
  expect_merged(dump.at("threads").at(0), "(wait) <- (waits) <- (<module>) <- _start");
}

TEST_P(NativeStack, a_program_that_dumps_goes_on_when_no_watchdog_answers) {
  run_program(R"(
import signal, time
os.kill(os.getppid(), signal.SIGSTOP)
begin = time.monotonic()
result = ctypes.CDLL(None).pyfault_dump()
took = time.monotonic() - begin
os.kill(os.getppid(), signal.SIGCONT)
os._exit(0 if result == 0 and took < 1.9 else 1)
)");
  EXPECT_EQ(outcome_.ending, exited(0));
}

TEST_P(NativeStack, an_abort_is_shown_from_where_it_was_called) {
  run_program("def die():\n    os.abort()\ndie()\n");
  expect_merged("abort <- (die) <- (<module>) <- _start");
}

// The copied stack reaches to the environment, which lies above it.
TEST_P(NativeStack, no_byte_of_the_stack_is_in_a_report) {
  ::setenv("PYFAULT_TEST_SECRET", "marker-4711", 1);
  run_program(kNestedCalls, "full");
  EXPECT_EQ(thread().at("native").at("complete"), true);
  EXPECT_THAT(watchdog_.report(), Not(HasSubstr("marker-4711")));
}

TEST_P(NativeStack, no_byte_of_another_threads_stack_is_in_a_report) {
  ::setenv("PYFAULT_TEST_SECRET", "marker-4711", 1);
  run_program(R"(
def crash():
    ctypes.memset(0, 1, 1)
def joins():
    thread.join()
thread = threading.Thread(target=crash)
thread.start()
joins()
)",
              "full");
  EXPECT_NE(thread_in(crash(), "<module>").at("native"), json());
  EXPECT_THAT(watchdog_.report(), Not(HasSubstr("marker-4711")));
}

TEST_P(NativeStack, the_text_report_folds_what_belongs_to_the_interpreter) {
  run_program(kNestedCalls, "on", "text");
  EXPECT_THAT(watchdog_.report(), HasSubstr("of the interpreter ..."));
  EXPECT_THAT(watchdog_.report(), HasSubstr("\n  at "));
}

// From 3.14 on, CPython's own report has the C functions too: those that a module exports by name.
// It prints them when our handler has called its.
TEST_P(NativeStack, the_faulthandler_format_places_functions_as_cpython_does) {
  run_program("import faulthandler; faulthandler.enable(); ctypes.memset(0, 1, 1)", "on",
              "faulthandler");
  const std::vector<std::string> cpythons = places_in_functions(outcome_.err);
  const std::vector<std::string> ours = places_in_functions(watchdog_.report());
  EXPECT_EQ(cpythons.empty(), (GetParam().version < Version{3, 14}));
  for (const std::string& place : cpythons) {
    EXPECT_THAT(ours, Contains(place));
  }
}

TEST_P(NativeStack, what_is_not_wanted_is_not_there) {
  run_program(kNestedCalls, "off");
  EXPECT_EQ(thread().at("native"), json());
  EXPECT_EQ(thread().at("stack"), json());
}

TEST_P(NativeStack, the_program_ends_as_it_would) {
  run_program(kNestedCalls);
  EXPECT_EQ(outcome_.ending.signal, SIGSEGV);
}

INSTANTIATE_TEST_SUITE_P(E2e, NativeStack, testing::ValuesIn(interpreters()), parameter_name);

}  // namespace
}  // namespace pyfault::test
