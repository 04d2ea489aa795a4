// dlsym(), also where the C library does not have it.
//
// The agent must load on every glibc from 2.17 on (tests/rules/glibc_floor.py). What moved into
// libc.so.6 with 2.34 (libdl, libpthread) has a new version there, and before it is missing from
// programs that link neither library. Linking them would cost each watched process and its children
// more time than the agent takes. So all of it is looked up, and dlsym() itself is bound by its
// first version.
#pragma once

namespace pyfault {

// Returns the address of `name` in `scope`, which may be RTLD_DEFAULT; null if there is none. The
// first call may allocate and load libdl. Not in a signal handler.
void* find_symbol(void* scope, const char* name);

// Returns the definition of `name` that is in use but for the agent's own; null if there is none.
// Context as above.
void* find_next_symbol(const char* name);

}  // namespace pyfault
