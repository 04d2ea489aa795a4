// Sorts the last words of a program that aborts.
#pragma once

#include <optional>

#include "watchdog/crash/crash.h"

namespace pyfault {

// Returns nullopt if the words do not say for certain why the program gave up, as those that were
// only the last ones on stderr.
std::optional<Diagnosis> reason_of_abort(const LastWords& words);

}  // namespace pyfault
