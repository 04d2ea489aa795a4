// Helpers for reading CPython's objects and raw copies of its structs.
//
// Context: see capture.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/arch/processor.h"
#include "agent/cpython/python_layout.h"
#include "agent/in_signal/guarded_copy.h"

namespace pyfault {

template <class T>
T field(const std::byte* copy, std::size_t offset) {
  T value;
  std::memcpy(&value, copy + offset, sizeof value);
  return value;
}

// Objects and frames are aligned to pointers and never lie in the first page. This check avoids a
// fault for the most common bad pointers; only a guarded read is conclusive.
inline bool plausible_object(std::uintptr_t address) {
  return address >= kPageSize && address % alignof(void*) == 0;
}

inline constexpr std::uintptr_t kStackRefTag = 3;  // low bits of a _PyStackRef, 3.14 on

inline bool is_code_object(const PythonRuntimeView& python, std::uintptr_t address) {
  std::uintptr_t type = 0;
  return plausible_object(address) && guarded_read(address + python.layout.object.type, type) &&
         type == python.code_type;
}

inline bool has_type_flag(const PythonRuntimeView& python, std::uintptr_t type,
                          std::uint64_t flag) {
  std::uint64_t flags = 0;
  return plausible_object(type) && guarded_read(type + python.layout.object.type_flags, flags) &&
         (flags & flag) != 0;
}

}  // namespace pyfault
