// Which interpreters are tested. PYFAULT_TEST_MATRIX says so:
//   "all", empty, not set   every interpreter that is present: the whole matrix
//   "narrow:SEED"           a few of them, see narrowed(); SEED is any text, such as a commit's
//   hash
#pragma once

#include <string>
#include <vector>

#include "tests/support/interpreter.h"

namespace pyfault::test {

// These throw std::runtime_error when PYFAULT_TEST_MATRIX is neither.
bool matrix_is_whole();
std::vector<Interpreter> chosen(const std::vector<Interpreter>& present);

// Of `present`, which is sorted, oldest version first: the oldest version, the newest, the system's
// own (in /usr/bin), and one of the rest. Which one depends on nothing but the seed and how many
// there are, so that a choice can be repeated, on another machine too, and many commits together
// test all of them. Of two builds of the oldest or newest version the one that stands first is
// taken: the ordinary one rather than the free-threaded one.
std::vector<Interpreter> narrowed(const std::vector<Interpreter>& present, const std::string& seed);

}  // namespace pyfault::test
