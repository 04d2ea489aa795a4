// Runs the same program bare and under the watchdog.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/interpreter.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {

// A fixture for tests that run on each interpreter.
class BothWays : public testing::TestWithParam<Interpreter> {
 protected:
  // Writes this Python code to program.py.
  void program(std::string_view code) const;

  std::filesystem::path file(const std::string& name) const { return directory_.path() / name; }
  Watchdog watchdog() const { return Watchdog(GetParam(), file("log")); }

  // How to start program.py with these arguments. Its current directory is the one it is in.
  Launch bare(const std::vector<std::string>& arguments = {}) const;
  Launch watched(const std::vector<std::string>& arguments = {}) const;

  // Runs the program both ways, with `change` applied to each launch; the outcomes must be equal.
  // Returns the watched one.
  using Change = std::function<void(Launch&)>;
  Outcome expect_no_difference(
      const std::vector<std::string>& arguments = {}, const Change& change = [](Launch&) {}) const;

 private:
  TempDirectory directory_;
};

std::string parameter_name(const testing::TestParamInfo<Interpreter>& info);

}  // namespace pyfault::test
