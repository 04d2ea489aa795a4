// Which interpreters are tested. PYFAULT_TEST_MATRIX decides:
//
//   "all", empty, not set   every interpreter that is present: the whole matrix
//   "narrow:SEED"           a few of them, see narrowed(); SEED is any text, such as the hash
//                           of a commit
#pragma once

#include <string>
#include <vector>

#include "tests/support/interpreter.h"

namespace pyfault::test {

// These functions throw std::runtime_error if PYFAULT_TEST_MATRIX has any other value.
bool matrix_is_whole();
std::vector<Interpreter> chosen(const std::vector<Interpreter>& present);

// Selects from `present`, which must be sorted with the oldest version first: the oldest version,
// the newest, the system's own (in /usr/bin), and one of the rest. The latter depends only on the
// seed and on how many there are, so that a choice can be repeated on another machine, and all of
// them are tested over many commits. If there are two builds of the oldest or newest version, the
// first one is taken: the ordinary build rather than the free-threaded one.
std::vector<Interpreter> narrowed(const std::vector<Interpreter>& present, const std::string& seed);

}  // namespace pyfault::test
