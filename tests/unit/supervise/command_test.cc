#include "watchdog/supervise/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/supervise/temporary_files.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> argv(const std::vector<std::string>& words) {
  return resolve_command(words, "PY").argv;
}

TEST(ResolveCommandTest, a_python_file_gets_the_interpreter) {
  EXPECT_THAT(argv({"app.py", "-x"}), ElementsAre("PY", "app.py", "-x"));
  EXPECT_EQ(resolve_command({"dir/app.py"}, "PY").script, "dir/app.py");
}

TEST(ResolveCommandTest, module_and_code_get_the_interpreter) {
  EXPECT_THAT(argv({"-m", "http.server", "80"}), ElementsAre("PY", "-m", "http.server", "80"));
  EXPECT_THAT(argv({"-c", "pass"}), ElementsAre("PY", "-c", "pass"));
}

TEST(ResolveCommandTest, everything_else_is_run_as_it_is) {
  EXPECT_THAT(argv({"gunicorn", "app:app"}), ElementsAre("gunicorn", "app:app"));
  EXPECT_THAT(argv({"python3", "app.py"}), ElementsAre("python3", "app.py"));
  EXPECT_THAT(argv({"app.pyc"}), ElementsAre("app.pyc"));
  EXPECT_THAT(argv({"-x", "-m"}), ElementsAre("-x", "-m"));
  EXPECT_THAT(argv({""}), ElementsAre(""));
}

class LocateTest : public testing::Test {
 protected:
  LocateTest() : old_path_(::getenv("PATH")) {}
  ~LocateTest() override { search(old_path_); }

  static void search(const std::string& path) { ::setenv("PATH", path.c_str(), 1); }

  struct Refusal {
    int exit_code = 0;
    std::string message;
  };
  Refusal refusal(const std::vector<std::string>& words, const std::string& python = "/bin/sh") {
    try {
      locate(resolve_command(words, python));
      return {};
    } catch (const StartError& error) {
      return {error.exit_code(), error.what()};
    }
  }
  void expect_refusal(const Refusal& refusal, int exit_code, const std::string& words) {
    EXPECT_EQ(refusal.exit_code, exit_code);
    EXPECT_THAT(refusal.message, HasSubstr(words));
  }

  TemporaryFiles files_;
  std::string old_path_;
};

TEST_F(LocateTest, a_name_is_looked_up_on_path) {
  files_.executable("tool");
  search("/nowhere:" + files_.directory());
  EXPECT_EQ(locate({{"tool"}, "", false}), files_.path("tool"));
}

TEST_F(LocateTest, the_first_executable_of_the_name_wins) {
  files_.subdirectory("a");
  files_.plain("a/tool");
  files_.subdirectory("b");
  files_.executable("b/tool");
  search(files_.path("a") + ":" + files_.path("b"));
  EXPECT_EQ(locate({{"tool"}, "", false}), files_.path("b/tool"));
}

TEST_F(LocateTest, an_empty_element_of_path_is_the_working_directory) {
  search(":/nowhere");
  const auto before = std::filesystem::current_path();
  files_.executable("tool");
  std::filesystem::current_path(files_.directory());
  EXPECT_EQ(locate({{"tool"}, "", false}), "tool");
  std::filesystem::current_path(before);
}

TEST_F(LocateTest, a_path_is_not_looked_up) {
  EXPECT_EQ(locate({{files_.executable("tool")}, "", false}), files_.path("tool"));
}

TEST_F(LocateTest, a_missing_program_is_127) {
  expect_refusal(refusal({"no-such-program"}), 127, "'no-such-program': not found on PATH");
  expect_refusal(refusal({files_.path("none")}), 127, "not found");
  expect_refusal(refusal({files_.plain("file") + "/below"}), 127, "not found");
  expect_refusal(refusal({""}), 127, "'': not found");
}

TEST_F(LocateTest, what_is_no_executable_is_126) {
  expect_refusal(refusal({files_.plain("data")}), 126, "not executable");
  expect_refusal(refusal({files_.subdirectory("dir")}), 126, "is a directory");
}

TEST_F(LocateTest, a_name_on_path_that_cannot_be_executed_is_126) {
  files_.plain("tool");
  search(files_.directory());
  expect_refusal(refusal({"tool"}), 126, "not executable");
}

TEST_F(LocateTest, a_missing_script_is_127_and_the_interpreter_is_not_asked) {
  expect_refusal(refusal({files_.path("none.py")}, "no-python"), 127, "none.py': no such file");
}

TEST_F(LocateTest, a_script_that_cannot_be_read_is_126) {
  expect_refusal(refusal({files_.subdirectory("dir.py")}), 126, "is a directory");
  if (::geteuid() == 0) GTEST_SKIP() << "run as root, who can read every file";
  const std::string script = files_.plain("secret.py");
  std::filesystem::permissions(script, std::filesystem::perms::none);
  expect_refusal(refusal({script}), 126, "not readable");
}

TEST_F(LocateTest, a_missing_interpreter_is_127_and_names_the_option) {
  expect_refusal(refusal({files_.plain("a.py")}, "no-python"), 127,
                 "the interpreter 'no-python': not found on PATH; name another with --python");
}

TEST_F(LocateTest, a_search_path_of_its_own_is_used_in_place_of_ours) {
  const std::string tool = files_.executable("tool");
  EXPECT_EQ(locate(resolve_command({"tool"}, ""), {files_.directory(), ""}), tool);
  EXPECT_THROW(locate(resolve_command({"sh"}, ""), {files_.directory(), ""}), StartError);
}

TEST_F(LocateTest, relative_names_begin_in_its_directory) {
  const std::string tool = files_.executable("tool");
  files_.plain("app.py");
  const Surroundings there{std::nullopt, files_.directory()};
  EXPECT_EQ(locate(resolve_command({"./tool"}, ""), there), files_.directory() + "/./tool");
  EXPECT_EQ(locate(resolve_command({"app.py"}, "/bin/sh"), there), "/bin/sh");
  EXPECT_THROW(locate(resolve_command({"none.py"}, "/bin/sh"), there), StartError);
}

}  // namespace
}  // namespace pyfault
