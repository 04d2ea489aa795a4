// What became of a fault in a thread with an open guard (`with pyfault.guard():`), in words.
#pragma once

#include <optional>
#include <string_view>

#include "shared/record.h"

namespace pyfault {

struct GuardWords {
  std::string_view word;      // why there was no exception; empty: there was one
  std::string_view sentence;  // for people
};

// Returns nullopt for an outcome that a later agent has added.
std::optional<GuardWords> words_of(GuardOutcome outcome);

}  // namespace pyfault
