// What /proc says about a process, read while it still lives or is a zombie. Text is valid UTF-8 (a
// byte that is none becomes U+FFFD) but not escaped. It is the kernel's word, and nobody waits for
// it; but for shown_command().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/os/file_rights.h"
#include "watchdog/os/unique_fd.h"

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

// Of two such: the file may have been deleted or replaced on disk meanwhile.
bool is_same_executable(std::string_view one, std::string_view other);

// Of its stat; 0 when it is gone.
std::uint64_t start_ticks(int pid);

// Signals that it has handlers for, of signal n: bit n - 1. Of a zombie: those at its end.
std::optional<std::uint64_t> caught_signals(int pid);

// How a zombie ended, as wait(2) would say. None when it is none, or we may not know.
std::optional<int> zombie_wait_status(int pid);

// Whether that number still is the process's which had it with these start ticks.
bool is_still(int pid, std::uint64_t start_ticks);

// Without a command: that is for those to say who have started it, or for itself. A zombie has a
// name and a parent but no executable.
std::optional<Process> read_process(int pid);

// What it shows as its command now: its own memory (os/patient_read.h), of which the beginning is
// enough. Empty where that can't be had.
std::vector<std::string> shown_command(int pid);

// The effective user and groups.
std::optional<Identity> effective_identity(int pid);
std::optional<Identity> effective_identity(const UniqueFd& process);  // a handle on /proc/PID

}  // namespace pyfault
