// The "Frames:" line of a scenario, matched against the frames of a thread in a crash event.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pyfault::test {

// A frame's function, or "{omitted}", "{unreadable}", "{cycle}"; folded frames one by one.
std::vector<std::string> frame_names(const nlohmann::json& thread);

// How many frames the thread had, those omitted counted.
std::size_t depth(const nlohmann::json& thread);

// Without `qualified`, only the last part of a name in the pattern counts.
bool matches(const std::string& pattern, const std::vector<std::string>& names, bool qualified);

}  // namespace pyfault::test
