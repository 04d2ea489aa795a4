// Prints the watchdog's own messages on stderr.
#pragma once

#include <string_view>

namespace pyfault {

// Writes "pyfault-watchdog: MESSAGE" as exactly one line, with control characters escaped (a file
// name may contain any). The message is dropped if stderr would block. Never throws.
void log_error(std::string_view message) noexcept;

}  // namespace pyfault
