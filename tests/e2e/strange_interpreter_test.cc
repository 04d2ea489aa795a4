// An interpreter that the agent does not know is left alone: it must die as it would without the
// agent, and one line must say why there is no report.
#include <gmock/gmock.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;

class StrangeInterpreter : public testing::Test {
 protected:
  void expect_left_alone(const std::string& program, const std::string& reason) const {
    const Outcome outcome = run({.command = watchdog_.command({program})});
    EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
    EXPECT_EQ(outcome.out + outcome.err, "");
    EXPECT_EQ(watchdog_.events("crash").size(), 0U);
    const auto unwatched = watchdog_.events("unwatched");
    ASSERT_EQ(unwatched.size(), 1U) << watchdog_.report();
    EXPECT_THAT(unwatched[0]["message"], HasSubstr("left alone: " + reason));
    EXPECT_EQ(watchdog_.events("exit")[0]["unwatched"]["reason"], unwatched[0]["reason"]);
  }

  TempDirectory directory_;
  Watchdog watchdog_{interpreters().front(), directory_.path() / "log"};
};

TEST_F(StrangeInterpreter, of_a_version_yet_to_come) {
  expect_left_alone(PYFAULT_FUTURE_INTERPRETER, "Python 3.99 is not known");
}

TEST_F(StrangeInterpreter, older_than_all_that_are_known) {
  expect_left_alone(PYFAULT_PAST_INTERPRETER, "Python 3.6 is not known");
}

TEST_F(StrangeInterpreter, that_contradicts_the_layout_of_its_version) {
  expect_left_alone(PYFAULT_PATCHED_INTERPRETER, "Python 3.13.1 (check");
}

}  // namespace
}  // namespace pyfault::test
