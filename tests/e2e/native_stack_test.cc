// A crash must show which C function was called from which line of Python, in one stack, for every
// interpreter, whether it has symbols or not.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/both_ways.h"
#include "tests/e2e/merged_stack.h"
#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
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
  json crash() const { return watchdog_.events("crash").at(0); }
  json thread() const { return crash().at("threads").at(0); }

  void expect_merged(const std::string& pattern) const {
    const json thread = this->thread();
    expect_a_possible_stack(thread);
    const auto names = stack_names(thread);
    EXPECT_TRUE(has_in_order(names, pattern))
        << "expected " << pattern << "\nbut saw  " << testing::PrintToString(names);
    EXPECT_EQ(thread.at("native").at("complete"), true) << thread.at("native");
  }

  TempDirectory directory_;
  const std::string program_ = directory_.path() / "program.py";
  Watchdog watchdog_{GetParam(), directory_.path() / "log"};
  Outcome outcome_;
};

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

TEST_P(NativeStack, of_a_call_through_null_the_caller_is_found) {
  run_program("ctypes.CFUNCTYPE(None)(0)()");
  expect_merged("ffi_call <- (<module>) <- _start");
  EXPECT_EQ(thread().at("stack").at(0).at("address"), "0x0");
  EXPECT_EQ(thread().at("stack").at(1).at("trust"), "top-of-stack");
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

TEST_P(NativeStack, the_text_report_folds_what_belongs_to_the_interpreter) {
  run_program(kNestedCalls, "on", "text");
  EXPECT_THAT(watchdog_.report(), HasSubstr("of the interpreter ..."));
  EXPECT_THAT(watchdog_.report(), HasSubstr("\n  at "));
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
