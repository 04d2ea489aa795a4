// What stack_subject writes to stdout about its own death: a StackDumpHead, for each chunk a
// StackDumpChunk and its bytes, and the text of /proc/self/maps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/record.h"

namespace pyfault::test {

struct StackDumpHead {
  std::uint64_t registers[kRegisterCount];
  std::uint64_t stack_end;
  std::uint64_t chunks;
};

struct StackDumpChunk {
  std::uint64_t address;
  std::uint64_t size;
};

}  // namespace pyfault::test
