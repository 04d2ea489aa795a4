// The names of C++ types.
#pragma once

#include <string>

namespace pyfault {

// As C++ spells a type that the Itanium ABI mangles: "St13runtime_error" -> "std::runtime_error".
// What is no such name, or could spell out to many times its length, is given back as it is.
std::string demangle(const std::string& mangled);

}  // namespace pyfault
