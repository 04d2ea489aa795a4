// Folds what repeats in a list, such as the frames of a recursion.
#pragma once

#include <string>
#include <vector>

namespace pyfault {

// Joins the entries; each is one or several lines that end in a newline. Up to eight entries that
// recur immediately, at least twice, are followed by "  [Previous 3 entries repeated 99 more
// times]" instead.
std::string join_repeated(const std::vector<std::string>& entries);

}  // namespace pyfault
