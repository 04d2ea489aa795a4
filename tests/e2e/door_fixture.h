// Runs programs that import pyfault: nothing is in front of them, and the watchdog that their
// package starts logs to a file.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/both_ways.h"

namespace pyfault::test {

class Door : public BothWays {
 protected:
  // With the package of this build, and a log of JSON.
  Launch with_package(Launch launch) const;

  // Starts program.py as a user would, without a watchdog.
  Launch alone(const std::vector<std::string>& arguments = {}) const {
    return with_package(bare(arguments));
  }

  // The interpreter, started with these words.
  Launch python(std::vector<std::string> words) const;

  // The watchdog is no child of the test: waits until it has reported an event of this kind, and
  // returns all of them.
  std::vector<nlohmann::json> await(const std::string& kind) const;

  // Waits for the end of program.py in the log, and returns the crashes.
  std::vector<nlohmann::json> crashes_until_the_end() const;

 private:
  void await_event(const std::function<bool(const nlohmann::json&)>& is_wanted) const;
};

}  // namespace pyfault::test
