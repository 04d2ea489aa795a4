// Our own environment.
#pragma once

#include <cstdlib>
#include <string_view>

namespace pyfault {

// Empty where there is none; until the environment is changed.
inline std::string_view environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace pyfault
