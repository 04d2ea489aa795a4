// A process and a thread of it, as they see themselves.
//
// Context: anywhere, once the agent is armed.
#pragma once

#include <cstdint>

namespace pyfault {

struct Identity {
  int pid = 0;
  int tid = 0;  // 0: it is not known which of its threads
  std::uintptr_t thread_pointer = 0;
};

// A seccomp filter may deny a process even to ask for its numbers: then what was known before it
// came, or what glibc keeps, has to do.
int own_pid();
int own_tid();
Identity own_identity();

}  // namespace pyfault
