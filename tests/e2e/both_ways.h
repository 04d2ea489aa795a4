// The same program, run bare and under the watchdog.
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

// A test of small verbs, for each interpreter.
class BothWays : public testing::TestWithParam<Interpreter> {
 protected:
  // Python code, written to program.py.
  void program(std::string_view code) const;

  std::filesystem::path file(const std::string& name) const { return directory_.path() / name; }
  Watchdog watchdog() const { return Watchdog(GetParam(), file("log")); }

  // The program, with its arguments; its directory is the current one.
  Launch bare(const std::vector<std::string>& arguments = {}) const;
  Launch watched(const std::vector<std::string>& arguments = {}) const;

  // Runs `change`d launches of it both ways; the outcomes must be equal. Gives the watched one.
  using Change = std::function<void(Launch&)>;
  Outcome expect_no_difference(
      const std::vector<std::string>& arguments = {}, const Change& change = [](Launch&) {}) const;

 private:
  TempDirectory directory_;
};

std::string parameter_name(const testing::TestParamInfo<Interpreter>& info);

}  // namespace pyfault::test
