// Explains page faults: what lies at the address, or what does not.
#pragma once

#include <cstdint>
#include <optional>

#include "watchdog/crash/crash.h"
#include "watchdog/crash/fault.h"
#include "watchdog/crash/memory_map.h"

namespace pyfault {

// `fault` is a page fault whose address is known. For the other parameters see diagnosis.h.
std::optional<Diagnosis> explain_page_fault(const Crash& crash, const Fault& fault,
                                            const MemoryMap& map,
                                            std::optional<std::uint64_t> file_size);

}  // namespace pyfault
