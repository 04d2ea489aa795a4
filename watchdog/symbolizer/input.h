// What the watchdog wants to know: the mappings and the stacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "watchdog/symbolizer/protocol.h"
#include "watchdog/symbolizer/registers.h"
#include "watchdog/symbolizer/stack_memory.h"

namespace pyfault {

struct Stack {
  Registers registers;
  StackMemory memory;
  std::vector<std::uint64_t> anchors;  // addresses, innermost first
  std::size_t max_frames = 0;
};

struct Input {
  std::vector<InputMapping> mappings;
  std::vector<Stack> stacks;
};

// The bytes of the stacks stay where they are. Returns nullopt if this is not an input of this
// protocol, as from a watchdog that is older than this program.
std::optional<Input> read_input(std::span<const std::byte> bytes);

}  // namespace pyfault
