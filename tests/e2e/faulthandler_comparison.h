// Compares our report of a crash with what the interpreter's own faulthandler prints for the same
// crash. `theirs` is everything that the program wrote to stderr.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pyfault::test {

// Compares the threads of a crash event, frame by frame.
void expect_the_same_threads(const nlohmann::json& crash, const std::string& theirs);

// Compares a report in faulthandler's format, byte by byte.
void expect_the_same_bytes(const std::string& report, const std::string& theirs);

}  // namespace pyfault::test
