// Conditions that must hold in a fuzzer, whatever the input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace pyfault::test {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace pyfault::test
