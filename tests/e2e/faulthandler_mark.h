// Rates what the interpreter's own faulthandler printed for a scenario, for tests/e2e/matrix.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/support/child_process.h"

namespace pyfault::test {

// Returns the value of a key in a scenario's head, for one interpreter.
using Expected = std::function<std::optional<std::string>(const std::string& key)>;

// "pass" if the frames of the head are there and the program ended as it should; otherwise
// "nothing", "part" (some frames or threads are missing) or "other end". faulthandler does not mark
// gaps, so missing marks do not count.
std::string mark_of_faulthandler(const Expected& expected, const Outcome& outcome);

}  // namespace pyfault::test
