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
  std::uint64_t start_ticks = 0;  // clock ticks from boot to the process's start (not its exec)
};

// None when the process is gone, here and below.
std::optional<ProcessStat> read_process_stat(int pid);

// Of its stat; 0 when it is gone.
std::uint64_t start_ticks(int pid);

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
