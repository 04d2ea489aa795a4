// How the agent gets into the program: two variables, and nothing else.
#pragma once

#include <string>
#include <vector>

namespace pyfault {

// The agent that belongs to this executable: found relative to it, so that an installation (or the
// build tree) can be moved. Throws StartError (kExitOwnError) when it isn't there, or lies at a
// path that LD_PRELOAD can't name.
std::string find_agent();

// `environment` with LD_PRELOAD = agent, then what it held before, and PYFAULT_SOCKET = socket. The
// runtime of a sanitizer, which refuses to start a program that loads anything before it, stays in
// front. Pure.
std::vector<std::string> watched_environment(const char* const* environment,
                                             const std::string& agent, const std::string& socket);

}  // namespace pyfault
