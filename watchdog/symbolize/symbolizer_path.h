// Where the program is that unwinds native stacks.
#pragma once

#include <string>

namespace pyfault {

// Returns the path of the pyfault-symbolizer that belongs to this executable, located relative to
// it as the agent is. The file may be missing.
std::string symbolizer_path();

}  // namespace pyfault
