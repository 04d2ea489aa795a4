// Notices a CPython that is loaded into a program that had none at its start: a plugin's, as
// uWSGI's.
#pragma once

namespace pyfault {

// Ordinary context. From now on `found` is called, once, by a CPython that initialises itself, with
// a handle for dlsym() that is good for the call.
void on_late_python(void (*found)(void* scope));

}  // namespace pyfault
