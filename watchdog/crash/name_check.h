// Detects names that were overwritten: their bytes do not match the hash that the interpreter
// computed.
//
// An interpreter may be built with another hash function, or with a special one for short strings
// (Py_HASH_CUTOFF). So a mismatch counts only if the record has another name, no longer than this
// one, whose hash matched: 64 bits do not match by chance.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "watchdog/crash/record_text.h"

namespace pyfault {

class NameCheck {
 public:
  void learn_from(const Text& name) {
    if (name.hash == Text::Hash::kHolds) shortest_ = std::min(shortest_, name.size);
  }
  bool overwritten(const Text& name) const {
    return name.hash == Text::Hash::kFails && name.size >= shortest_;
  }

 private:
  std::size_t shortest_ = SIZE_MAX;  // of the names whose hash matched
};

}  // namespace pyfault
