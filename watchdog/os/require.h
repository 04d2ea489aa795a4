// Checks for system calls that must not fail.
#pragma once

namespace pyfault {

// Throws std::system_error, with errno and the name of the failed call, unless `done`.
void require(bool done, const char* call);

}  // namespace pyfault
