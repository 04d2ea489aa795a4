// A memcpy that fails instead of faulting.
//
// Context: any thread while on_signal() (crash_handler.h) is the action of SIGSEGV and SIGBUS and
// neither is blocked. A fault at one of guarded_copy's own instructions, on either side of the
// copy, is recognised by its program counter and becomes the result `false`. No system call a read:
// 2 to 16 ns for the sizes read here, where process_vm_readv takes over 1,000.
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

// Asks for memory that is about to be read, and does not wait for it. Never faults.
inline void prefetch(std::uintptr_t from, std::size_t size = 1) {
  constexpr std::size_t kCacheLine = 64;
  for (std::size_t offset = 0; offset < size; offset += kCacheLine) {
    __builtin_prefetch(reinterpret_cast<const void*>(from + offset));
  }
}

// For the signal handler: where to resume when `program_counter` lies within the copy, else 0.
std::uintptr_t guarded_copy_fixup(std::uintptr_t program_counter);

}  // namespace pyfault
