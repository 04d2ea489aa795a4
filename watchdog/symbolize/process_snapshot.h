// What is read of a process while it waits for its ack, for unwinding its stack later.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "watchdog/crash/memory_map.h"
#include "watchdog/symbolize/captured_stack.h"
#include "watchdog/symbolize/symbolizer.h"
#include "watchdog/symbolize/thread_stacks.h"

namespace pyfault {

inline constexpr std::size_t kMaxModules = 64;

// What a record says of the native stacks of its threads, and of where to look for the cause.
struct RecordedStacks {
  int own_pid = 0;  // of the process, in its own pid namespace
  CapturedStack first;
  std::vector<ThreadToRead> others;  // at most kMaxOtherStacks
  // The address of a SIGBUS, which may lie in a mapped file that had no such page.
  std::optional<std::uint64_t> missing_page;
};

struct ProcessSnapshot {
  MemoryMap map;
  std::vector<ModuleFile> modules;  // those that words of the stacks point into
  bool same_root = true;            // the process has the same root directory as the watchdog
  // Where the text of its environment begins, above all frames of the main thread. 0: unknown.
  std::uint64_t environment = 0;
  std::vector<ThreadReading> others;  // as in RecordedStacks
  // In bytes, of the file that is mapped at RecordedStacks::missing_page, if it can be told.
  std::optional<std::uint64_t> file_size;
};

// `pid` is in the watchdog's namespace. No stack of another thread is begun to be read after
// `deadline`. Returns nullopt if the memory map cannot be read. May block as long as the process or
// its disks like, so it must not be called on the event loop.
std::optional<ProcessSnapshot> take_snapshot(int pid, const RecordedStacks& stacks,
                                             std::chrono::steady_clock::time_point deadline);

}  // namespace pyfault
