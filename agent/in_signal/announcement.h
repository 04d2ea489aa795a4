// What a thread says on stderr before it aborts, remembered as it is said: the interpreter's
// Py_FatalError, and libstdc++ of an exception that nobody caught. Each writes its announcement in
// pieces that are known; nobody else writes the first of them by itself. All else is remembered as
// stderr_tail.h has it.
//
//   CPython    "Fatal Python error: "  FUNCTION ": " MESSAGE "\n"
//   libstdc++  "terminate called after throwing an instance of '"  TYPE  "'\n"
//              and where it has a text  "  what():  "  TEXT  "\n"
//
// Context: anywhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/record.h"

namespace pyfault {

// The calling thread has written, or tried to write, this to stderr. `now_ns`: CLOCK_MONOTONIC.
void note_stderr(const void* bytes, std::size_t size, std::int64_t now_ns);

struct Announcement {
  MessageSource source;
  const char* type;  // of the exception, as C++ spells it; empty for the interpreter
  const char* text;
};

// Of the calling thread. False when it has made none, or only that of a signal, which faulthandler
// announces in the interpreter's words.
bool find_announcement(Announcement& announcement);

}  // namespace pyfault
