// A memcpy that fails instead of faulting.
//
// Context: any thread while on_signal() (crash_handler.cc) is the action of SIGSEGV and SIGBUS and
// neither is blocked; see GuardScope. A fault at one of the copy's own instructions, at its source
// or its destination, is recognised by the program counter and makes the copy return false. A read
// takes no system call: 2 to 16 ns for the sizes read here, where process_vm_readv() takes over
// 1,000 ns.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyfault {

extern "C" bool pyfault_guarded_copy(void* to, const void* from, std::size_t size);

inline bool guarded_copy(void* to, std::uintptr_t from, std::size_t size) {
  return pyfault_guarded_copy(to, reinterpret_cast<const void*>(from), size);
}

template <class T>
bool guarded_read(std::uintptr_t from, T& to) {
  return guarded_copy(&to, from, sizeof to);
}

// Prefetches memory that is about to be read, without waiting for it. Never faults.
inline void prefetch(std::uintptr_t from, std::size_t size = 1) {
  constexpr std::size_t kCacheLine = 64;
  for (std::size_t offset = 0; offset < size; offset += kCacheLine) {
    __builtin_prefetch(reinterpret_cast<const void*>(from + offset));
  }
}

// For the signal handler: returns where to resume if `program_counter` is within the copy, else 0.
std::uintptr_t guarded_copy_fixup(std::uintptr_t program_counter);

}  // namespace pyfault
