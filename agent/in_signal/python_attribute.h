// Reads one instance attribute without running Python.
//
// Context: see capture.h. Bounded: at most kMaxAttributes names are looked at.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/in_signal/python_layout.h"
#include "agent/in_signal/python_string.h"

namespace pyfault {

// Is `object` a readable ASCII str with exactly this text?
bool string_equals(const PythonRuntimeView& python, std::uintptr_t object, const char* text,
                   std::size_t size);
bool string_equals(const StringView& string, const char* text, std::size_t size);

// The value of the attribute in the instance's own dictionary or values; 0 where there is none.
std::uintptr_t find_attribute(const PythonRuntimeView& python, std::uintptr_t object,
                              const char* name, std::size_t size);

}  // namespace pyfault
