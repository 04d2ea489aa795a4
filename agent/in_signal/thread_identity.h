// The ids of the calling process and thread, in their own PID namespace.
//
// Context: anywhere, signal handlers included, once the agent is armed.
#pragma once

#include <cstdint>

namespace pyfault {

struct ThreadIdentity {
  int pid = 0;
  int tid = 0;  // 0: unknown which thread of the process
  std::uintptr_t thread_pointer = 0;
};

// If a seccomp filter denies getpid() or gettid(), these fall back on the pid that was known before
// and on the tid that glibc keeps.
int own_pid();
int own_tid();
ThreadIdentity own_identity();

}  // namespace pyfault
