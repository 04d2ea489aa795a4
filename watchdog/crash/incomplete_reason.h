// Explains in words why a record is incomplete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "watchdog/crash/decode.h"

namespace pyfault {

// What was found while walking over the sections of a record.
struct WalkOutcome {
  std::string damage;  // where the record violates its format; empty: nowhere
  bool ended = false;  // the end section was found
  bool has_runtime = false;
  bool has_culprit = true;  // the faulting thread is known
  std::size_t threads = 0;
  bool frames_damaged = false;
  bool sections_skipped = false;  // because of a version that this reader does not know
  std::uint64_t threads_omitted = 0;
  std::string gap;  // what is unknown of the faulting thread's frames; empty: nothing
};

// Returns the value of WalkOutcome::gap.
std::string gap_in(const Thread& thread);

// Returns an empty string for a complete record. If there are several reasons, returns the one that
// explains most of what is missing.
std::string incomplete_reason(const RawRecord& record, const WalkOutcome& outcome);

}  // namespace pyfault
