// Words for addresses in diagnoses. What comes from the process is not escaped.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/crash/fault.h"
#include "watchdog/crash/memory_map.h"

namespace pyfault {

// "0x7f0000001000"
std::string in_hexadecimal(std::uint64_t number);

// "it read ", "it wrote to ", "it jumped to ", "it accessed "
std::string_view it_accessed(Access access);

// Names what is mapped: "/usr/lib/libc.so.6", "the heap", "anonymous memory".
std::string name_of(const Mapping& mapping);

// "; the nearest mapping, the heap, ends 0x20 bytes below it"; empty if none is near.
std::string nearest_mapping(std::uint64_t address, const MemoryMap& map);

// The registers that the address came from: "; the address was rdi + 0x10", or if the instruction
// does not tell, "; rdi and r8 hold that address". Empty if that is not known either.
std::string origin_of_address(const Fault& fault);

// "a", "a and b", "a, b and c"
std::string listed(const std::vector<std::string>& words);

}  // namespace pyfault
