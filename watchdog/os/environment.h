// Access to this process's environment.
#pragma once

#include <cstdlib>
#include <string_view>

namespace pyfault {

// Returns the variable's value, or an empty view if it is not set. The view is valid until the
// environment changes.
inline std::string_view environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace pyfault
