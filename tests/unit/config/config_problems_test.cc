// Mistakes in a configuration: each is reported with its line and what to do about it, and none
// hides another.
#include <gmock/gmock.h>

#include "watchdog/config/parse_config.h"

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> problems_of(const std::string& text, const MachineChecks& checks = {}) {
  std::vector<std::string> lines;
  for (const Problem& problem : parse_config(text, checks).problems) {
    lines.push_back(describe(problem, "f"));
  }
  return lines;
}

// Parses `lines` as part of a worker's table; the first of them is line 4.
std::vector<std::string> problems_with(const std::string& lines, const MachineChecks& checks = {}) {
  return problems_of("[[worker]]\nname = \"web\"\ncommand = [\"gunicorn\"]\n" + lines, checks);
}

TEST(ConfigProblems, a_key_that_was_misspelt) {
  EXPECT_THAT(problems_with("restrat = \"no\""),
              ElementsAre("f:4: a worker has no key 'restrat'; did you mean 'restart'?"));
  EXPECT_THAT(
      problems_of("[defaults]\numsak = \"027\"\n[[worker]]\nname = \"a\"\ncommand = [\"a\"]"),
      ElementsAre("f:2: 'defaults' has no key 'umsak'; did you mean 'umask'?"));
  EXPECT_THAT(problems_with("stop = { signl = \"INT\" }"),
              ElementsAre("f:4: 'stop' has no key 'signl'; did you mean 'signal'?"));
  EXPECT_THAT(problems_of("[[workers]]\nname = \"a\""),
              ElementsAre("f:1: the file has no key 'workers'; did you mean 'worker'?"));
}

TEST(ConfigProblems, a_word_that_was_misspelt) {
  EXPECT_THAT(problems_with("restart = \"onfailure\""),
              ElementsAre("f:4: 'restart' can't be 'onfailure'; did you mean 'on-failure'?"));
  EXPECT_THAT(problems_with("restart = \"x\""),
              ElementsAre("f:4: 'restart' can't be 'x'; use no, on-failure, on-crash or always"));
  EXPECT_THAT(problems_with("stop = { signal = \"TREM\" }"),
              ElementsAre("f:4: 'signal' is not a signal: 'TREM'; did you mean 'TERM'?"));
  EXPECT_THAT(problems_with("limits = { nofiles = 3 }"),
              ElementsAre("f:4: there is no limit 'nofiles'; did you mean 'nofile'?"));
}

TEST(ConfigProblems, a_value_of_the_wrong_type) {
  EXPECT_THAT(problems_with("essential = \"yes\""),
              ElementsAre("f:4: 'essential' is a string; it takes true or false, without quotes"));
  EXPECT_THAT(problems_with("directory = 7"),
              ElementsAre("f:4: 'directory' is an integer; it takes a string"));
  EXPECT_THAT(problems_with("start_order = 1.5"),
              ElementsAre("f:4: 'start_order' is a number; it takes an integer"));
  EXPECT_THAT(problems_with("stop = 30"),
              ElementsAre("f:4: 'stop' is an integer; it takes a table"));
  EXPECT_THAT(problems_with("user = 2026-01-01"),
              ElementsAre("f:4: 'user' is a date or time; it takes a string"));
  EXPECT_THAT(problems_with("environment = { PORT = 80 }"),
              ElementsAre("f:4: 'PORT' is an integer; it takes a string, in quotes"));
  EXPECT_THAT(
      problems_with("umask = 22"),
      ElementsAre("f:4: 'umask' is not a file mode; write it in octal and in quotes: \"027\""));
}

TEST(ConfigProblems, a_command_in_one_piece) {
  EXPECT_THAT(problems_of("[[worker]]\nname = \"a\"\ncommand = \"gunicorn -w 4\""),
              ElementsAre("f:3: 'command' must be a list; it is not passed to a shell; "
                          "write [\"gunicorn\", \"-w\", \"4\"]"));
}

TEST(ConfigProblems, a_time_that_is_none) {
  EXPECT_THAT(
      problems_with("stop = { timeout = \"soon\" }"),
      ElementsAre(HasSubstr("f:4: 'timeout' is not a duration; write a number of seconds")));
  EXPECT_THAT(problems_with("stop = { timeout = -1 }"), testing::SizeIs(1));
}

TEST(ConfigProblems, what_every_worker_needs) {
  EXPECT_THAT(problems_of("[[worker]]"), ElementsAre(HasSubstr("f:1: a worker without a name"),
                                                     HasSubstr("f:1: a worker without a command")));
}

TEST(ConfigProblems, one_bracket_too_few) {
  EXPECT_THAT(problems_of("[worker]\nname = \"a\"\ncommand = [\"a\"]"),
              ElementsAre("f:1: 'worker' is a table; write [[worker]], with two brackets, before "
                          "each"));
}

TEST(ConfigProblems, names) {
  EXPECT_THAT(problems_of("[[worker]]\nname = \"a\"\ncommand = [\"a\"]\n"
                          "[[worker]]\nname = \"a\"\ncommand = [\"a\"]"),
              ElementsAre("f:5: there are two workers 'a'; the other is on line 2"));
  EXPECT_THAT(problems_of("[[worker]]\nname = \"a\\nb\"\ncommand = [\"a\"]"),
              ElementsAre(HasSubstr("f:2: 'name' is not a valid worker name")));
  EXPECT_THAT(problems_of("[defaults]\nname = \"a\"\n[[worker]]\nname = \"a\"\ncommand = [\"a\"]"),
              ElementsAre("f:2: 'name' is each worker's own; move it to a [[worker]]"));
}

TEST(ConfigProblems, a_crash_loop_that_could_never_be_seen) {
  EXPECT_THAT(problems_with("crash_loop = { failures = 20 }"),
              ElementsAre(HasSubstr("f:4: a crash loop could never be seen: with these delays 21 "
                                    "failures take at least")));
  EXPECT_THAT(problems_with("backoff = { initial = \"5min\", max = \"1h\" }"),
              ElementsAre(HasSubstr("f:4: a crash loop could never be seen")));
  EXPECT_THAT(problems_with("crash_loop = { failures = 12 }"), IsEmpty());
}

TEST(ConfigProblems, combinations_that_make_no_sense) {
  EXPECT_THAT(problems_with("restart = \"no\"\nbackoff = { max = 5 }"),
              ElementsAre(HasSubstr("f:5: 'backoff' has no meaning with restart = \"no\"")));
  EXPECT_THAT(problems_with("ready = { by = \"notify\", after = 1 }"),
              ElementsAre(HasSubstr("f:4: 'after' has no meaning")));
  EXPECT_THAT(problems_with("ready = { timeout = 1 }"),
              ElementsAre(HasSubstr("f:4: 'timeout' has no meaning")));
  EXPECT_THAT(problems_with("backoff = { initial = 10, max = 5 }"),
              ElementsAre("f:4: 'max' (5 s) is less than 'initial' (10 s)"));
  EXPECT_THAT(problems_with("backoff = { factor = 0.5 }"),
              ElementsAre(HasSubstr("f:4: 'factor' would not let the delay grow")));
  EXPECT_THAT(problems_with("backoff = { jitter = 1 }"),
              ElementsAre(HasSubstr("f:4: 'jitter' is out of range")));
  EXPECT_THAT(problems_with("backoff = { initial = 0, max = 0 }"),
              ElementsAre(HasSubstr("f:4: 'max' of 0")));
  EXPECT_THAT(problems_with("limits = { nofile = \"2:1\" }"),
              ElementsAre(HasSubstr("f:4: 'nofile' is not a limit")));
}

TEST(ConfigProblems, a_dump_signal_that_programs_use_for_other_things) {
  EXPECT_THAT(problems_with("dump_signal = \"USR1\""),
              ElementsAre(HasSubstr("f:4: 'dump_signal' is not a real-time signal; write")));
}

TEST(ConfigProblems, a_signal_to_dump_before_that_nobody_can_handle) {
  EXPECT_THAT(
      problems_with("dump_before = [\"KILL\"]"),
      ElementsAre(HasSubstr("f:4: 'dump_before' names a signal that a program cannot handle")));
  EXPECT_THAT(problems_with("dump_before = [\"ABRT\", \"RTMIN+1\"]"), SizeIs(1));
  EXPECT_THAT(problems_with("dump_before = \"TERM\""), SizeIs(1));
}

TEST(ConfigProblems, what_the_machine_lacks) {
  MachineChecks checks;
  checks.program = [](const WorkerConfig& worker) { return "no " + worker.command.front(); };
  checks.identity = [](const WorkerConfig&) { return "no such user"; };
  EXPECT_THAT(problems_with("user = \"nobody\"", checks),
              ElementsAre("f:3: no gunicorn", "f:4: no such user"));
}

TEST(ConfigProblems, a_setting_of_the_defaults_is_complained_of_there_and_once) {
  MachineChecks checks;
  checks.identity = [](const WorkerConfig& worker) {
    return worker.user == "nobody2" ? "there is no user 'nobody2'" : "";
  };
  const std::string workers =
      "[[worker]]\nname = \"a\"\ncommand = [\"x\"]\n[[worker]]\nname = \"b\"\ncommand = [\"x\"]\n";
  EXPECT_THAT(problems_of("[defaults]\numask = \"022\"\nuser = \"nobody2\"\n" + workers, checks),
              ElementsAre("f:3: there is no user 'nobody2'"));
  EXPECT_THAT(
      problems_of("[defaults]\nuser = \"other\"\n" + workers + "user = \"nobody2\"\n", checks),
      ElementsAre("f:9: there is no user 'nobody2'"));
}

TEST(ConfigProblems, all_are_told_at_once_by_line) {
  EXPECT_THAT(problems_with("umsak = \"027\"\nrestart = 3\nstop = { timeout = \"x\" }\n"
                            "[[worker]]\nname = \"web\"\n"),
              ElementsAre(HasSubstr("f:4:"), HasSubstr("f:5:"), HasSubstr("f:6:"),
                          HasSubstr("f:7: a worker without a command"), HasSubstr("f:8:")));
}

TEST(ConfigProblems, an_error_of_syntax_has_its_line) {
  EXPECT_THAT(problems_of("[[worker]]\nname = web\n"), ElementsAre(HasSubstr("f:2: ")));
}

TEST(ConfigProblems, a_file_that_is_not_there) {
  const auto problems = load_config("/nonexistent/file", {}).problems;
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(describe(problems[0], "f"), "f: cannot be read: No such file or directory");
}

TEST(ConfigProblems, a_secret_key_without_letters) {
  EXPECT_THAT(problems_of("[service]\nredact = [\"pin\", \"_\"]"),
              ElementsAre("f:2: '_' is no word of a key; use letters and digits"));
}

TEST(ConfigProblems, a_debuginfod_server_that_is_no_url) {
  EXPECT_THAT(problems_of("[service]\ndebuginfod = [\"https://a\", \"https://b https://c\"]"),
              ElementsAre("f:2: 'https://b https://c' is no URL; write one such as "
                          "\"https://debuginfod.debian.net\""));
}

TEST(ConfigProblems, a_relative_directory_for_minidumps) {
  EXPECT_THAT(problems_of("[service]\nminidumps = \"dumps\""),
              ElementsAre("f:2: 'minidumps' is relative; begin it with /"));
}

}  // namespace
}  // namespace pyfault
