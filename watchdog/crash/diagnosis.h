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
// read. `file_size`: of the file that is mapped at the fault address, if known. The recursion that
// led to a stack overflow is looked for in the Python and native frames that the crash has by now.
// Returns nullopt if nothing is known beyond the signal.
std::optional<Diagnosis> diagnose(const Crash& crash, const MemoryMap& map,
                                  std::optional<std::uint64_t> file_size = std::nullopt);

}  // namespace pyfault
