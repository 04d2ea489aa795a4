// The watchdog's own words on stderr.
#pragma once

#include <string_view>

namespace pyfault {

// Writes "pyfault-watchdog: MESSAGE" as exactly one line, control characters (a file name may hold
// any) escaped. Dropped when stderr takes nothing at the moment. Never throws.
void log_error(std::string_view message) noexcept;

}  // namespace pyfault
