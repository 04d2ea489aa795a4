// An installation must work wherever it lies, although LD_PRELOAD cannot name every path.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/support/child_process.h"
#include "tests/support/files.h"
#include "tests/support/interpreter.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Installation : public testing::TestWithParam<std::string> {
 protected:
  // Removes only the links to agents of this test: other programs may still need the others.
  ~Installation() override {
    std::error_code gone;
    for (const std::string& links : {std::string("/run/pyfault-watchdog-agent"),
                                     variable("XDG_RUNTIME_DIR") + "/pyfault-watchdog",
                                     variable("HOME") + "/.cache/pyfault-watchdog"}) {
      for (const auto& entry : fs::directory_iterator(links, gone)) {
        const fs::path agent = fs::read_symlink(entry, gone);
        if (agent.string().starts_with(place().string())) fs::remove(entry, gone);
      }
    }
  }
  static std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
  }

  fs::path place() const { return directory_.path() / GetParam(); }

  TempDirectory directory_;
};
INSTANTIATE_TEST_SUITE_P(E2e, Installation,
                         testing::Values("with a space", "with:a colon", "$LIB", "caf\xc3\xa9"),
                         [](const auto& each) { return "place_" + std::to_string(each.index); });

TEST_P(Installation, reports_crashes_wherever_it_lies) {
  const Outcome outcome =
      run({.command = {install_copy(place()), "--python", interpreters().front().path, "--exec",
                       "-c", "import ctypes; ctypes.memset(0, 1, 1)"}});
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
  EXPECT_THAT(outcome.err, HasSubstr("crashed: SIGSEGV"));
}

// A preloaded library runs with our rights in every program that is started from then on, so
// LD_PRELOAD must not name a link in a directory where other users could replace it.
TEST_P(Installation, preloads_nothing_that_others_could_replace) {
  const Outcome outcome =
      run({.command = {install_copy(place()), "--python", interpreters().front().path, "--exec",
                       "-c", "import os; print(os.environ['LD_PRELOAD'])"}});
  const bool is_linked = place().string().find_first_of(" :$") != std::string::npos;
  EXPECT_EQ(outcome.out.starts_with("/tmp"), !is_linked) << outcome.out;
}

TEST_P(Installation, whose_agent_is_missing_says_so) {
  const fs::path watchdog = install_copy(place());
  fs::remove_all(place() / "lib");
  const Outcome outcome = run({.command = {watchdog, "--exec", "true"}});
  EXPECT_EQ(outcome.ending, exited(125));
  EXPECT_THAT(split_lines(outcome.err), testing::ElementsAre(HasSubstr("the agent is missing")));
}

}  // namespace
}  // namespace pyfault::test
