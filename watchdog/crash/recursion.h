// Finds the recursion that filled a stack.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "watchdog/crash/crash.h"

namespace pyfault {

inline constexpr const char* kStackOverflow = "stack-overflow";  // as a kind of diagnosis

// Functions that call each other again and again.
struct Recursion {
  std::vector<std::string> functions;  // "down (app.py)", innermost first; empty: there is none
  std::uint64_t depth = 0;             // of the stack, in frames of their kind; 0: not known
};

// Of the Python frames; if those do not recur, of the native ones.
Recursion recursion_in(const Thread& thread);

// "the stack overflowed: down (app.py) calls itself, 1501 Python frames deep", of the thread that
// crashed.
std::string describe_overflow(const Crash& crash);

}  // namespace pyfault
