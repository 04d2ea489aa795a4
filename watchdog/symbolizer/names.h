// What the symbol tables of a module say of an address.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/symbolizer/loaded_module.h"

namespace pyfault {

struct FunctionSymbol {
  std::string name;          // demangled and without its version; empty: the function has none
  std::uint64_t offset = 0;  // of the address, from the symbol
};

FunctionSymbol function_symbol(const LoadedModule& module, std::uint64_t address);

// Returns the name as the programmer wrote it, if it is a mangled name of C++.
std::string demangled(const char* name);

}  // namespace pyfault
