// Matches the "Frames:" line of a scenario against the frames of a thread in a crash event.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pyfault::test {

// The function of each frame, or "{omitted}", "{unreadable}" or "{cycle}". Folded frames are listed
// one by one.
std::vector<std::string> frame_names(const nlohmann::json& thread);

// The number of frames of the thread, including omitted ones.
std::size_t depth(const nlohmann::json& thread);

// Unless `qualified`, only the last part of each name in the pattern is compared.
bool matches(const std::string& pattern, const std::vector<std::string>& names, bool qualified);

}  // namespace pyfault::test
