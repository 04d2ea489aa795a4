// Begins to watch the process: what the constructor does after LD_PRELOAD, and pyfault_enable() in
// a running program.
//
// Context: ordinary, one thread at a time.
#pragma once

#include <cstdint>

#include "agent/cpython/find_python.h"
#include "agent/pyfault.h"

namespace pyfault {

// False if this is another C library than glibc.
bool can_watch();

// The arguments of main(), which glibc also passes to constructors.
void set_command(int argc, char** argv);

// The agent was loaded before the interpreter was initialised.
void note_preloaded();
bool is_preloaded();

// Attaches and arms, once. `address`: a value for PYFAULT_SOCKET; null: that of the environment.
// `began_ns`: CLOCK_REALTIME at a time when the interpreter had not read any source file yet.
pyfault_enabled watch(const FoundPython& python, const char* address, std::int64_t began_ns);

}  // namespace pyfault
