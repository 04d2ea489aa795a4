// Gives up all rights that reading a hostile file does not take.
#pragma once

#include <optional>
#include <string>

namespace pyfault {

// From then on the process can compute, map files that it has been sent, use the two descriptors of
// the protocol, and end itself. It cannot open files, make sockets or processes, execute anything
// new or look at other processes. Its processor time, memory and descriptors are limited, and it
// dies with its parent.
//
// Returns why this cannot be had; then nothing hostile may be read. A change to another user may
// fail (a container may have no other), because it is not needed for any of this.
std::optional<std::string> enter_sandbox();

}  // namespace pyfault
