// What the symbol tables of a module say of an address.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/symbolizer/loaded_module.h"

namespace pyfault {

// Returns the name of the function, demangled and without its version; empty if it has none.
std::string function_name(const LoadedModule& module, std::uint64_t address);

// Returns the name as the programmer wrote it, if it is a mangled name of C++.
std::string demangled(const char* name);

}  // namespace pyfault
