// Has memory now that will be written to in a crash, when there may be none to be had: a cgroup
// that is full kills whoever asks for another page. Changes no byte.
//
// Context: anywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyfault {

inline constexpr std::size_t kPageSize = 4096;  // x86-64

// Memory of our own, size > 0.
inline void touch_pages(void* lowest, std::size_t size) {
  auto* byte = static_cast<volatile std::byte*>(lowest);
  for (std::size_t offset = 0; offset < size; offset += kPageSize) byte[offset] = byte[offset];
  byte[size - 1] = byte[size - 1];
}

// Memory that may not be there at all: the kernel does it (from Linux 5.14 on), who takes no harm.
void populate(std::uintptr_t lowest, std::size_t size);

// Of the calling thread, whoever has set it.
void populate_signal_stack();

}  // namespace pyfault
