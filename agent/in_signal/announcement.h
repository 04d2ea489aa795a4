// Recognises and keeps what a thread announces on stderr before it aborts: the interpreter's
// Py_FatalError, and libstdc++'s report of an uncaught exception. Each writes its announcement in
// known pieces, and no other code writes the first piece by itself. All other output goes to
// stderr_tail.h.
//
//   CPython    "Fatal Python error: "  FUNCTION ": " MESSAGE "\n"
//   libstdc++  "terminate called after throwing an instance of '"  TYPE  "'\n"
//              and, if it has a text,   "  what():  "  TEXT  "\n"
//
// Context: anywhere, signal handlers included.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/record.h"

namespace pyfault {

// To be called when the calling thread has written, or tried to write, these bytes to stderr.
// `now_ns`: CLOCK_MONOTONIC.
void note_stderr(const void* bytes, std::size_t size, std::int64_t now_ns);

struct Announcement {
  MessageSource source;
  const char* type;  // the exception's C++ type name; empty for the interpreter
  const char* text;
};

// Finds the announcement of the calling thread. Returns false if it has made none, or only that of
// SIGABRT itself, which faulthandler reports in the interpreter's words.
bool find_announcement(Announcement& announcement);

}  // namespace pyfault
