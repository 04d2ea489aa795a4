// What we report of a death against what the interpreter's own faulthandler prints of the same one.
// `theirs` is all that the program wrote to stderr.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pyfault::test {

// Frame by frame: the threads of a crash event.
void expect_the_same_threads(const nlohmann::json& crash, const std::string& theirs);

// Byte by byte: a report in faulthandler's format.
void expect_the_same_bytes(const std::string& report, const std::string& theirs);

}  // namespace pyfault::test
