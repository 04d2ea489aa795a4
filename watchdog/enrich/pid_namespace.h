// Finds processes that have another number in their own pid namespace than the watchdog sees.
#pragma once

#include <optional>

namespace pyfault {

// Returns the living child of `parent`, in the watchdog's numbers, whose number in its own pid
// namespace is `own_pid`. Returns nullopt if there is none, or if the kernel does not list
// children.
std::optional<int> find_namespaced_child(int parent, int own_pid);

// Whether this living process has another number in its own pid namespace, and so calls others by
// other numbers too. False if that is not known.
bool is_in_another_pid_namespace(int pid);

}  // namespace pyfault
