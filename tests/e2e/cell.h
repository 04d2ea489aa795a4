// A cell is one scenario on one interpreter, provided that the scenario's head allows that
// interpreter. Each cell is a test named "<suite>.<scenario>/<version>".
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/interpreter.h"
#include "tests/support/scenario.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {

// The result of a cell that was not run, for tests/e2e/matrix: it gives the first line of `reason`.
std::string not_applicable(const std::string& reason);

// Writes its result ("pass", "fail", "n/a: REASON") to a file for tests/e2e/matrix. note() writes a
// further one.
class CellTest : public testing::Test {
 public:
  CellTest(Scenario scenario, Interpreter interpreter);

 protected:
  void TearDown() override;

  Outcome run_bare() const;
  // Returns nothing if the program hangs, which is allowed only if the scenario's head says so.
  std::optional<Outcome> run_under_faulthandler() const;
  Outcome run_watched(const Watchdog& watchdog) const;
  void note(const std::string& suite, const std::string& result) const;
  std::filesystem::path file(const std::string& name) const { return directory_.path() / name; }
  std::optional<std::string> expected(const std::string& key) const;

  const Scenario& scenario() const { return scenario_; }
  const Interpreter& interpreter() const { return interpreter_; }

 private:
  Launch launch(std::vector<std::string> command) const;

  Scenario scenario_;
  Interpreter interpreter_;
  TempDirectory directory_;
};

// How a scenario exits when it cannot run here; stderr says why.
inline constexpr Ending kCannotRun = exited(77);

template <class Test>
void register_cells(const char* suite, const std::vector<Interpreter>& on = interpreters()) {
  for (const Scenario& scenario : scenarios()) {
    for (const Interpreter& interpreter : on) {
      if (!scenario.runs_on(interpreter.version)) continue;
      const std::string name = scenario.name() + "/" + interpreter.label;
      testing::RegisterTest(suite, name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [=]() -> CellTest* { return new Test(scenario, interpreter); });
    }
  }
}

}  // namespace pyfault::test
