// What is read of a process while it waits for its ack, for unwinding its stack later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "watchdog/crash/memory_map.h"
#include "watchdog/symbolize/captured_stack.h"
#include "watchdog/symbolize/symbolizer.h"

namespace pyfault {

inline constexpr std::size_t kMaxModules = 64;

struct ProcessSnapshot {
  MemoryMap map;
  std::vector<ModuleFile> modules;  // those that words of the stack point into
  bool same_root = true;            // the process has the same root directory as the watchdog
  // Where the text of its environment begins, above all frames of the main thread. 0: unknown.
  std::uint64_t environment = 0;
};

// `pid` is in the watchdog's namespace. Returns nullopt if the memory map cannot be read. May block
// as long as the process or its disks like, so it must not be called on the event loop.
std::optional<ProcessSnapshot> take_snapshot(int pid, const CapturedStack& stack);

}  // namespace pyfault
