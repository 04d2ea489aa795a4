// Has memory now that will be written to in a crash, when there may be none to be had: a cgroup
// that is full kills whoever asks for another page.
//
// Context: anywhere. Changes no byte.
#pragma once

#include <cstddef>

namespace pyfault {

inline constexpr std::size_t kPageSize = 4096;  // x86-64

inline void touch_page(void* address) {
  auto* byte = static_cast<volatile std::byte*>(address);
  *byte = *byte;
}

// The `size` bytes from `lowest` on, size > 0.
inline void touch_pages(void* lowest, std::size_t size) {
  auto* byte = static_cast<std::byte*>(lowest);
  for (std::size_t offset = 0; offset < size; offset += kPageSize) touch_page(byte + offset);
  touch_page(byte + size - 1);
}

}  // namespace pyfault
