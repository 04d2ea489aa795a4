// Bytes to value: a private copy of a record becomes a Crash, or is refused.
//
// Pure. Trusts nothing in the bytes: every size, offset, count, index and code point is checked
// once, here. Never throws on bad input, never reads outside `record`, allocates at most a small
// multiple of the record's size (a repeat count is a number, not frames).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "shared/ring_layout.h"
#include "watchdog/crash/crash.h"

namespace pyfault {

struct RawRecord {
  std::span<const std::byte> bytes;      // the committed payload, copied out of the ring
  CutShort cut_short = CutShort::kNone;  // what the slot said
  bool published = true;                 // false: salvaged from a slot whose owner died
};

// None when not even the fault section can be had. Otherwise what the valid prefix says: `complete`
// is false, with a reason, when the prefix ends early, for whatever cause. `id` is left empty: the
// caller names the crash.
std::optional<Crash> decode(const RawRecord& record);

}  // namespace pyfault
