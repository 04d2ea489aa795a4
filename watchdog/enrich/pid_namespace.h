// Processes that see themselves under another number than we do.
#pragma once

#include <optional>

namespace pyfault {

// The living child of `parent`, in our numbers, that is `own_pid` in a pid namespace of its own.
// None where there is none, or where the kernel does not tell a process's children.
std::optional<int> find_namespaced_child(int parent, int own_pid);

}  // namespace pyfault
