// What /proc says about a process, read while it still lives or is a zombie. Text is valid UTF-8 (a
// byte that is none becomes U+FFFD) but not escaped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/os/file_rights.h"

namespace pyfault {

// /proc/PID/stat.
struct ProcessStat {
  std::string name;  // comm
  char state = 0;    // 'Z': a zombie
  int ppid = 0;
  int session = 0;
  std::uint64_t cpu_ticks = 0;    // that it has used, in user mode and in the kernel
  std::uint64_t start_ticks = 0;  // clock ticks from boot to the process's start (not its exec)
};

// None when the process is gone, here and below.
std::optional<ProcessStat> read_process_stat(int pid);

// Empty when it is gone, a zombie, or not ours to look at.
std::string executable_of(int pid);

// Of its stat; 0 when it is gone.
std::uint64_t start_ticks(int pid);

// Signals that it has handlers for, of signal n: bit n - 1. Of a zombie: those at its end.
std::optional<std::uint64_t> caught_signals(int pid);

// How a zombie ended, as wait(2) would say. None when it is none, or we may not know.
std::optional<int> zombie_wait_status(int pid);

// Whether that number still is the process's which had it with these start ticks.
bool is_still(int pid, std::uint64_t start_ticks);

// A zombie has a name and a parent but no executable and no command. Of a very long command the
// first kMaxCommandBytes are kept.
std::optional<Process> read_process(int pid);

inline constexpr std::size_t kMaxCommandBytes = std::size_t{64} << 10;

// The effective user and groups.
std::optional<Identity> effective_identity(int pid);

}  // namespace pyfault
