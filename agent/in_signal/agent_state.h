// What a handler needs to know, all of it settled before the first handler is installed.
#pragma once

#include <atomic>
#include <cstddef>

#include "agent/in_signal/python_layout.h"
#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

struct AgentState {
  PythonRuntimeView python;
  WatchdogLink watchdog;
  std::uintptr_t libc_message;     // of glibc's __abort_msg; 0: not there
  std::uintptr_t single_threaded;  // of glibc's __libc_single_threaded, a char; likewise
  std::byte* crash_stack;          // lowest byte, above its guard page
  std::size_t crash_stack_size;
  // The process whose state this is; in memory of its own that a fork wipes (MADV_WIPEONFORK).
  std::atomic<int>* owner;
};

}  // namespace pyfault
