// The last that each thread has written to stderr, for those who say there why they abort and have
// no other place for it (a failed check of a C++ library, Qt's qFatal(), a panic).
//
// Context: anywhere. A thread writes to its own tail alone, and waits for nobody; there is room for
// some threads, of which those that have been silent longest give way.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyfault {

// The calling thread has written this. `now_ns`: CLOCK_MONOTONIC.
void remember_stderr(const char* bytes, std::size_t size, std::int64_t now_ns);

inline constexpr std::size_t kMaxStderrTail = 4096;

// What the thread wrote within the last second, or, where that is nothing, what the last one to
// write did. At most `kMaxStderrTail` bytes and a NUL go to `text`, without the last newline.
// False: nobody wrote.
bool find_stderr_tail(std::uintptr_t thread_pointer, std::int64_t now_ns,
                      char (&text)[kMaxStderrTail + 1]);

}  // namespace pyfault
