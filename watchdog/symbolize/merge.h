// Merges the Python and the native frames of a thread into one stack, by address (shared/record.h,
// Anchor) or, for CPython 3.8 and 3.9 and for 3.10 where it has no anchors, by the name of the
// evaluation function. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "watchdog/crash/crash.h"
#include "watchdog/symbolize/captured_stack.h"
#include "watchdog/symbolize/symbolizer.h"

namespace pyfault {

// Of a longer stack, both ends are kept.
inline constexpr std::size_t kInnermostStackEntries = 384;
inline constexpr std::size_t kOutermostStackEntries = 128;

// Neither kind of frame is dropped for the other: if they cannot be merged, the Python frames come
// first and the native ones follow. `version_hex`: of the interpreter.
ThreadStack merge_stack(const Thread& thread, const UnwoundStack& native,
                        const CapturedStack& captured, std::uint32_t version_hex);

}  // namespace pyfault
