// Tells machine code from data, by ld.so's list of the modules that are loaded now and the headers
// of the module in question. The list is a debugger's view and public (link.h); the C library's own
// functions that search it take a lock, or are missing before glibc 2.35.
//
// Context: see capture.h. Every read is guarded; bounded by kMaxModules and kMaxSegments for each
// address.
#pragma once

#include <cstdint>

#include "agent/cpython/python_layout.h"

namespace pyfault {

inline constexpr std::uint32_t kMaxModules = 1024;
inline constexpr std::uint32_t kMaxSegments =
    64;  // in the headers of one module; usual are 8 to 13

// Returns false only if no module has machine code at `address`; also true if that is not known,
// because the list or the headers cannot be read. Code that a program generates is in no
// module, and modules of other namespaces (dlmopen) are not in the list.
bool may_be_loaded_code(const PythonRuntimeView& python, std::uintptr_t address);

// A module and its program headers in memory.
struct LoadedModule {
  std::uintptr_t base;
  std::uintptr_t headers;
  std::uint32_t header_count;
};

// Finds the only module that can contain the address. Returns false if there is none, or its
// headers are not known.
bool find_loaded_module(const PythonRuntimeView& python, std::uintptr_t address,
                        LoadedModule& module);

}  // namespace pyfault
