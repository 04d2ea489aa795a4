#include "tests/e2e/cell.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/files.h"

namespace pyfault::test {

std::string not_applicable(const std::string& reason) {
  return "n/a: " + reason.substr(0, reason.find('\n'));
}

namespace {

constexpr std::chrono::seconds kHanging{2};

std::filesystem::path matrix_directory() {
  const char* directory = std::getenv("PYFAULT_MATRIX");
  return directory != nullptr ? directory : PYFAULT_MATRIX;
}

std::string result_of(const testing::TestInfo& test) {
  const testing::TestResult& result = *test.result();
  if (result.Failed()) return "fail";
  if (!result.Skipped()) return "pass";
  std::string reason;
  for (int i = 0; i < result.total_part_count(); ++i) {
    if (result.GetTestPartResult(i).skipped()) reason = result.GetTestPartResult(i).message();
  }
  return not_applicable(reason);
}

}  // namespace

CellTest::CellTest(Scenario scenario, Interpreter interpreter)
    : scenario_(std::move(scenario)), interpreter_(std::move(interpreter)) {}

void CellTest::TearDown() {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  note(test.test_suite_name(), result_of(test));
}

void CellTest::note(const std::string& suite, const std::string& result) const {
  const auto directory = matrix_directory() / suite;
  std::filesystem::create_directories(directory);
  write_file(directory / (scenario_.name() + "@" + interpreter_.label), result);
}

Outcome CellTest::run_bare() const {
  return run(launch({interpreter_.path, scenario_.program()}));
}

std::optional<Outcome> CellTest::run_under_faulthandler() const {
  Launch with = launch({interpreter_.path, scenario_.program()});
  with.environment["PYTHONFAULTHANDLER"] = "1";
  if (expected("Faulthandler") != "hangs") return run(std::move(with));
  with.limit = kHanging;
  try {
    return run(std::move(with));
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

Outcome CellTest::run_watched(const Watchdog& watchdog) const {
  return run(launch(watchdog.command({scenario_.program()})));
}

std::optional<std::string> CellTest::expected(const std::string& key) const {
  return scenario_.expected(key, interpreter_.version);
}

Launch CellTest::launch(std::vector<std::string> command) const {
  return {.command = std::move(command),
          .environment = {{"PYTHONDONTWRITEBYTECODE", "1"}},
          .directory = directory_.path()};
}

}  // namespace pyfault::test
