// Writes a crash as a minidump, for lldb and other readers of that format (minidump_format.h).
// Pure.
//
// It holds the registers of threads, copies of their stacks, the memory map, and the modules: bytes
// of the program's memory, which may be secret. It says so itself, in a comment. The program's
// environment, which lies at the end of the main thread's stack, is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "watchdog/crash/crash.h"
#include "watchdog/crash/memory_map.h"
#include "watchdog/symbolize/captured_stack.h"

namespace pyfault {

struct ThreadInMinidump {
  int tid = 0;
  const CapturedStack* stack = nullptr;  // outlives the call of write_minidump()
  bool is_partial = false;               // of the registers, only rip and rsp are known
};

struct MinidumpContent {
  const Crash& crash;  // its signal, time, instruction, names of threads
  int pid = 0;
  std::span<const ThreadInMinidump> threads;  // the faulting one first; at least one
  const MemoryMap& map;
  std::span<const Module>
      modules;  // those whose build-ids are known; others are taken from the map
  // Where the text of the program's environment begins: a stack that reaches it ends there. 0:
  // unknown.
  std::uint64_t environment = 0;
};

// Of a map that is larger, the rest is left out.
inline constexpr std::size_t kMaxMinidumpMap = std::size_t{1} << 20;  // bytes of its text
inline constexpr std::size_t kMaxMinidumpModules = 1024;

// The caller wipes what is returned; no other copy of stack memory is left behind.
std::vector<std::byte> write_minidump(const MinidumpContent& content);

}  // namespace pyfault
