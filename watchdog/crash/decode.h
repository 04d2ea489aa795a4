// Decodes a private copy of a record into a Crash, or rejects it.
//
// No side effects. Nothing in the bytes is trusted: every size, offset, count, index and code point
// is checked once, here. Never throws on bad input, never reads outside `record`, and allocates at
// most a small multiple of the record's size (a repeat count stays a number and does not become
// frames).
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
  CutShort cut_short = CutShort::kNone;  // from the slot
  bool published = true;                 // false: salvaged from a slot whose owner died
};

// Returns nullopt if not even the fault section is valid, otherwise the content of the valid
// prefix. If that ends early, for any cause, `complete` is false and a reason is given. `id` is
// left empty for the caller to set.
std::optional<Crash> decode(const RawRecord& record);

}  // namespace pyfault
