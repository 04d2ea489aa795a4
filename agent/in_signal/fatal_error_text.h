// What the interpreter says on stderr before it aborts (Py_FatalError), remembered as it is said.
//
// Context: anywhere.
#pragma once

#include <cstddef>

namespace pyfault {

// The calling thread has written this to stderr. CPython writes "Fatal Python error: " by itself,
// then the function, the message and a newline, each by itself too.
void note_stderr(const void* bytes, std::size_t size);

// What this thread said behind those words, "function: message"; null when it did not.
const char* fatal_error_text();

}  // namespace pyfault
