// Why a record does not say all there was to say, in words for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "watchdog/crash/decode.h"

namespace pyfault {

// What the walk over a record's sections met.
struct WalkOutcome {
  std::string damage;  // where the record breaks its own rules; empty where it does not
  bool ended = false;  // the end section was there
  bool has_runtime = false;
  bool has_culprit = true;  // it says which thread it was
  std::size_t threads = 0;
  bool frames_damaged = false;
  bool sections_skipped = false;  // of a version that this reader does not know
  std::uint64_t threads_omitted = 0;
  std::string gap;  // what is not known of the faulting thread's frames; empty: nothing
};

// As WalkOutcome's.
std::string gap_in(const Thread& thread);

// Empty for a whole record. Of several reasons, the one that explains most of what is missing.
std::string incomplete_reason(const RawRecord& record, const WalkOutcome& outcome);

}  // namespace pyfault
