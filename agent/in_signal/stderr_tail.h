// Keeps the last output of each thread to stderr, for code that reports the reason for an abort
// only there (a failed check of a C++ library, Qt's qFatal(), a panic).
//
// Context: anywhere, signal handlers included. A thread writes only to its own tail and never
// waits. There is room for a few threads; the one that has been silent longest is replaced.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyfault {

// To be called when the calling thread has written these bytes. `now_ns`: CLOCK_MONOTONIC.
void remember_stderr(const char* bytes, std::size_t size, std::int64_t now_ns);

inline constexpr std::size_t kMaxStderrTail = 4096;

// Copies what the thread has written within the last second or, if that is nothing, what the last
// thread to write has written within that time. At most `kMaxStderrTail` bytes and a NUL go to
// `text`, without newlines at the end. Returns false if no thread has written anything.
bool find_stderr_tail(std::uintptr_t thread_pointer, std::int64_t now_ns,
                      char (&text)[kMaxStderrTail + 1]);

}  // namespace pyfault
