// Runs every scenario with malloc(), locks, stdio and dlopen() poisoned inside the signal handler
// (tests/support/poison.cc): none of them may be called there. One interpreter is enough, because
// the handler is the same for all.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/e2e/cell.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// The system's own interpreter if it is tested, otherwise the oldest one.
Interpreter one_interpreter() {
  const auto& all = interpreters();
  const auto own = std::ranges::find_if(
      all, [](const Interpreter& each) { return each.path.string().starts_with("/usr/bin/"); });
  return own != all.end() ? *own : all.front();
}

// A command that makes env preload `agent` and behind it the poison, both by links in `directory`.
std::vector<std::string> poisoned(const std::string& agent, const std::filesystem::path& directory,
                                  const std::string& step) {
  const std::string libraries = preloadable(agent, directory).string() + ":" +
                                preloadable(PYFAULT_POISON, directory).string();
  return {"/usr/bin/env", "LD_PRELOAD=" + libraries, step, one_interpreter().path};
}

class PoisonTest : public CellTest {
 public:
  using CellTest::CellTest;

 private:
  void TestBody() override {
    const Outcome bare = run_bare();
    if (bare.ending == kCannotRun) GTEST_SKIP() << bare.err;
    const Watchdog watchdog(interpreter(), file("log"));
    auto program = poisoned(agent_path(), file(""), "PYTHONDONTWRITEBYTECODE=1");
    program.push_back(scenario().program());
    const Outcome outcome = run({.command = watchdog.command(program), .directory = file("")});
    EXPECT_THAT(outcome.err, Not(HasSubstr("poison:")));
    EXPECT_EQ(std::to_string(watchdog.events("crash").size()), expected("Crashes").value_or("1"))
        << outcome.err << watchdog.report();
  }
};

TEST(Poison, bites_a_handler_that_allocates) {
  const TempDirectory directory;
  const Watchdog watchdog(one_interpreter(), directory.path() / "log");
  auto program = poisoned(PYFAULT_FAULTY_AGENT, directory.path(), "PYFAULT_MALLOC_AT=1");
  program.insert(program.end(), {"-c", "import ctypes; ctypes.memset(0, 1, 1)"});
  const Outcome outcome = run({.command = watchdog.command(program)});
  EXPECT_EQ(outcome.ending, exited(99));
  EXPECT_EQ(outcome.err, "poison: the signal handler called malloc\n");
}

TEST(Poison, leaves_a_program_that_does_not_crash_alone) {
  const TempDirectory directory;
  const Watchdog watchdog(one_interpreter(), directory.path() / "log");
  auto program = poisoned(PYFAULT_FAULTY_AGENT, directory.path(), "PYFAULT_MALLOC_AT=1");
  program.insert(program.end(), {"-c", "import threading; print(1)"});
  const Outcome outcome = run({.command = watchdog.command(program)});
  EXPECT_EQ(outcome.ending, exited(0));
  EXPECT_EQ(outcome.out, "1\n");
}

}  // namespace
}  // namespace pyfault::test

int main(int argc, char** argv) {
  using namespace pyfault::test;
  testing::InitGoogleMock(&argc, argv);
  register_cells<PoisonTest>("Poisoned", {one_interpreter()});
  return RUN_ALL_TESTS();
}
