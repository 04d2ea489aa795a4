// Reads one instance attribute without running Python code.
//
// Context: see capture.h. Bounded: looks at no more than kMaxAttributes names.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/cpython/python_layout.h"
#include "agent/in_signal/python_string.h"

namespace pyfault {

// Returns whether the str is readable and has exactly this text, which must be ASCII.
bool string_equals(const PythonRuntimeView& python, std::uintptr_t object, const char* text,
                   std::size_t size);
bool string_equals(const StringView& string, const char* text, std::size_t size);

// Returns the attribute's value from the instance's own dictionary or values; 0 if there is none.
std::uintptr_t find_attribute(const PythonRuntimeView& python, std::uintptr_t object,
                              const char* name, std::size_t size);

}  // namespace pyfault
