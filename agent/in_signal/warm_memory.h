// Allocates memory in advance that a crash will write to, without changing its content. In a cgroup
// that has reached its memory limit, touching another page would get the process killed.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/arch/processor.h"

namespace pyfault {

// For the agent's own memory. Requires size > 0.
inline void touch_pages(void* lowest, std::size_t size) {
  auto* byte = static_cast<volatile std::byte*>(lowest);
  for (std::size_t offset = 0; offset < size; offset += kPageSize) byte[offset] = byte[offset];
  byte[size - 1] = byte[size - 1];
}

// For memory that may not be mapped. Uses MADV_POPULATE_WRITE (Linux 5.14 and later), which reports
// an error instead of faulting.
void populate(std::uintptr_t lowest, std::size_t size);

// Populates the top of the calling thread's alternate signal stack, regardless of which code has
// installed it.
void populate_signal_stack();

}  // namespace pyfault
