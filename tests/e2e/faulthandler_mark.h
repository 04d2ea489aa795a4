// What the interpreter's own faulthandler made of a scenario, in a word for the matrix.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/support/child_process.h"

namespace pyfault::test {

// Of a scenario's head, for one interpreter.
using Expected = std::function<std::optional<std::string>(const std::string& key)>;

// "pass": the frames that the head demands are there, and the program ended as it should; else
// "nothing", "part" (of the frames or threads) or "other end". Marks for gaps, which it does not
// know, are not held against it.
std::string mark_of_faulthandler(const Expected& expected, const Outcome& outcome);

}  // namespace pyfault::test
