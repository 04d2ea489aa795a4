// Checks the merged stack of a crashed thread: Python's and native frames in the order in which
// they called each other.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pyfault::test {

// The entries of a thread's stack, innermost first: Python functions in parentheses, native ones by
// their name ("?" if it is not known), "{omitted}". Python's are without the qualifying part.
std::vector<std::string> stack_names(const nlohmann::json& thread);

// What holds for every stack: Python frames are in their order, a complete stack has all of them,
// and each native frame says where it is and how it was found.
void expect_a_possible_stack(const nlohmann::json& thread);

// Whether the entries that `pattern` names, joined by " <- ", follow each other in `names`; others
// may lie between them.
bool has_in_order(const std::vector<std::string>& names, const std::string& pattern);

}  // namespace pyfault::test
