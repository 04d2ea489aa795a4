// The input of pyfault-symbolizer (symbolizer/protocol.h).
#pragma once

#include <vector>

#include "watchdog/crash/memory_map.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/symbolize/symbolizer.h"

namespace pyfault {

// The mappings that the child knows, in the order of their numbers: those that can be executed.
std::vector<const Mapping*> mappings_with_code(const MemoryMap& map);

// Returns a sealed file with the request; empty if there is no memory for it. The bytes of the
// stacks are in the file alone.
UniqueFd write_input(const SymbolizeRequest& request, const std::vector<const Mapping*>& mappings);

}  // namespace pyfault
