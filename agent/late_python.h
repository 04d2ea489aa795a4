// Detects a CPython that is loaded into a program after its start, such as that of a uWSGI plugin.
#pragma once

namespace pyfault {

// Ordinary context. When the first CPython initialises itself, its thread calls `found`, once, with
// a handle for dlsym() that is valid during the call.
void on_late_python(void (*found)(void* scope));

}  // namespace pyfault
