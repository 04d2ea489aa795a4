// Where the stack of a thread ends.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <cstdint>

#include "agent/cpython/python_layout.h"

namespace pyfault {

// Returns an address that no frame of the thread lies above, as close as is known without a lock or
// an allocation. `pthread_self`: of the thread; glibc puts its struct pthread, with the
// thread-local variables below it, at the top of the memory that the thread's frames start in,
// whether glibc has allocated that or the program. The initial thread starts on memory of the
// kernel, in which only its arguments and environment lie further up. If it is not known which
// thread is the initial one (PythonRuntimeView), or if a thread has switched to another stack, the
// result is not its end.
inline std::uintptr_t stack_end_of(const PythonRuntimeView& python, std::uintptr_t pthread_self) {
  return pthread_self == python.initial_thread ? python.initial_stack_end : pthread_self;
}

}  // namespace pyfault
