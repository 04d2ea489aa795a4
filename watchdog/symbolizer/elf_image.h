// Where the bytes of an ELF file are in memory.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "watchdog/symbolizer/protocol.h"

namespace pyfault {

struct ElfPlace {
  std::uint64_t bias = 0;   // what to add to an address in the file to get one in memory
  std::uint64_t start = 0;  // of the first segment, as libdwfl reckons it
  std::uint64_t end = 0;    // of the last one
};

// Empty if `image` is not an ELF file of this processor that can be loaded.
std::vector<Elf64_Phdr> program_headers(std::span<const std::byte> image);

// Returns nullopt if `image` is not an ELF file of this processor, or has no executable segment
// that can be the mapping.
std::optional<ElfPlace> place_of(std::span<const std::byte> image, const InputMapping& mapping);

}  // namespace pyfault
