// Tells names that were overwritten: their bytes are not those that the interpreter once hashed.
//
// An interpreter can be built to hash in another way. So a name is doubted only where the hash has
// been seen to hold for another one of this record, no longer than this (a build may hash short
// strings in a way of their own, Py_HASH_CUTOFF): 64 bits do not agree by chance.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "watchdog/crash/sections.h"

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
  std::size_t shortest_ = SIZE_MAX;  // of the names whose hash held
};

}  // namespace pyfault
