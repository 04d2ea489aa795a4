// How the agent is loaded into the program: by two environment variables, and nothing else.
#pragma once

#include <string>
#include <vector>

namespace pyfault {

// Returns the agent that belongs to this executable, located relative to it so that an installation
// (or the build tree) can be moved. Throws StartError (kExitOwnError) if it is missing, or has a
// path that LD_PRELOAD cannot contain and that cannot be replaced by a link.
std::string find_agent();

// Returns `environment` with LD_PRELOAD = agent, followed by its previous value, and PYFAULT_SOCKET
// = socket. The runtime of a sanitizer stays in front, because it refuses to start a program that
// loads anything before it. No side effects.
std::vector<std::string> watched_environment(const char* const* environment,
                                             const std::string& agent, const std::string& socket);

}  // namespace pyfault
