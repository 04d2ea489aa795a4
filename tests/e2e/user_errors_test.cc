// A mistake of the user must be answered with one clear line and the documented exit code.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/child_process.h"
#include "tests/support/files.h"
#include "tests/support/interpreter.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;

struct Answer {
  int code;
  std::string mentions;
};

class UserErrors : public testing::Test {
 protected:
  Outcome run_watchdog(std::vector<std::string> words) const {
    words.insert(words.begin(), watchdog_path());
    return run({.command = std::move(words), .directory = directory_.path()});
  }

  void expect(const std::vector<std::string>& words, const Answer& answer) const {
    SCOPED_TRACE(testing::PrintToString(words));
    const Outcome outcome = run_watchdog(words);
    EXPECT_EQ(outcome.ending, exited(answer.code));
    EXPECT_EQ(outcome.out, "");
    const auto lines = split_lines(outcome.err);
    EXPECT_EQ(lines.size(), 1U) << outcome.err;
    EXPECT_THAT(outcome.err, testing::StartsWith("pyfault-watchdog: "));
    EXPECT_THAT(outcome.err, HasSubstr(answer.mentions));
  }

  std::filesystem::path file(const std::string& name, std::string_view text = "") const {
    write_file(directory_.path() / name, text);
    return directory_.path() / name;
  }

  TempDirectory directory_;
};

TEST_F(UserErrors, program_not_found) {
  expect({"--exec", "/nonexistent/program"}, {127, "/nonexistent/program"});
  expect({"--exec", "no-such-program-on-path"}, {127, "no-such-program-on-path"});
  expect({"--exec", "missing.py"}, {127, "missing.py"});
}

TEST_F(UserErrors, program_not_executable) {
  expect({"--exec", file("plain")}, {126, "plain"});
  expect({"--exec", "/tmp"}, {126, "/tmp"});
}

TEST_F(UserErrors, interpreter_missing) {
  expect({"--python", "/nonexistent/python3", "--exec", file("app.py")},
         {127, "/nonexistent/python3"});
}

TEST_F(UserErrors, log_cannot_be_written) {
  expect({"--log", "/nonexistent/log", "--exec", "true"}, {125, "/nonexistent/log"});
  expect({"--log", "/tmp", "--exec", "true"}, {125, "/tmp"});
}

TEST_F(UserErrors, bad_options) {
  expect({"--no-such-option", "--exec", "true"}, {125, "--no-such-option"});
  expect({"--log-format", "xml", "--exec", "true"}, {125, "xml"});
  expect({"--log"}, {125, "--log"});
  expect({"--python", "python3"}, {125, "--exec"});
}

TEST_F(UserErrors, nothing_to_run) {
  expect({"--exec"}, {125, "--exec"});
  expect({}, {125, "--exec"});
}

TEST_F(UserErrors, a_bad_option_of_the_program_is_the_programs) {
  EXPECT_EQ(run_watchdog({"--exec", "sh", "-c", "exit 7", "--no-such-option"}).ending, exited(7));
}

TEST_F(UserErrors, help_and_version_are_not_errors) {
  const Outcome help = run_watchdog({"--help"});
  EXPECT_EQ(help.ending, exited(0));
  for (const char* option : {"--exec", "--python", "--log", "--log-format", "--version"}) {
    EXPECT_THAT(help.out, HasSubstr(option));
  }
  EXPECT_THAT(run_watchdog({"--version"}).out, testing::ContainsRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(UserErrors, a_program_that_is_not_python_just_runs) {
  const Outcome outcome = run_watchdog({"--exec", "echo", "hello"});
  EXPECT_EQ(outcome.ending, exited(0));
  EXPECT_EQ(outcome.out, "hello\n");
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace pyfault::test
