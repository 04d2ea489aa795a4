// The state that the signal handlers need, complete before the first handler is installed.
#pragma once

#include <atomic>
#include <cstddef>

#include "agent/cpython/python_layout.h"
#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

struct AgentState {
  PythonRuntimeView python;
  WatchdogLink watchdog;
  std::uintptr_t libc_message;     // address of glibc's __abort_msg; 0: not present
  std::uintptr_t single_threaded;  // address of glibc's __libc_single_threaded (char); 0: none
  std::byte* crash_stack;          // lowest byte, above its guard page
  std::size_t crash_stack_size;
  // The pid of the process that owns this state. It lies in separate memory that a fork wipes
  // (MADV_WIPEONFORK), so a forked child at first finds 0.
  std::atomic<int>* owner;
};

}  // namespace pyfault
