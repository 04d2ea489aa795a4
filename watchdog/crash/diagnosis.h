// Says in plain words why a process died, from the signal, the registers, the instruction, the
// memory map and the program's own last words. Pure.
//
// Only what is certain is said. The kinds are listed in pyfault-events(5); the text is a sentence
// about the process ("it read through a null pointer in rdi, at offset 0x10"), without a full stop
// and not escaped.
#pragma once

#include <cstdint>
#include <optional>

#include "watchdog/crash/crash.h"
#include "watchdog/crash/memory_map.h"

namespace pyfault {

// `crash` has been decoded; `map` is that of the process at the time, or empty if it could not be
// read. `file_size`: of the file that is mapped at the fault address, if known. Returns nullopt if
// nothing is known beyond the signal.
std::optional<Diagnosis> diagnose(const Crash& crash, const MemoryMap& map,
                                  std::optional<std::uint64_t> file_size = std::nullopt);

// Adds to the diagnosis of a stack overflow the recursion that led to it, once the native frames
// are known: that of Python frames alone is in it already.
void diagnose_native_recursion(Crash& crash);

}  // namespace pyfault
