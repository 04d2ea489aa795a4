// What /proc says about a process that is alive or a zombie. Text is valid UTF-8 (an invalid byte
// becomes U+FFFD) but not escaped. Except for shown_command(), everything comes from the kernel
// itself and reading it does not block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/os/file_rights.h"
#include "watchdog/os/timed_read.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// The fields of /proc/PID/stat that are used.
struct ProcessStat {
  std::string name;  // comm
  char state = 0;    // 'Z': a zombie
  int ppid = 0;
  int session = 0;
  std::uint64_t cpu_ticks = 0;    // used so far, in user and kernel mode
  std::uint64_t start_ticks = 0;  // clock ticks from boot to the process's start (not its exec)
};

// Returns nullopt if the process is gone, here and below.
std::optional<ProcessStat> read_process_stat(int pid);

// Empty if the process is gone, a zombie, or may not be examined by this user.
std::string executable_of(int pid);

// Compares two results of executable_of(). The file may have been deleted or replaced in between.
bool is_same_executable(std::string_view one, std::string_view other);

// ProcessStat::start_ticks; 0 if the process is gone.
std::uint64_t start_ticks(int pid);

// The signals that it has handlers for: bit n - 1 for signal n. For a zombie, those at its end.
std::optional<std::uint64_t> caught_signals(int pid);

// The wait(2) status of a zombie, or of one whose parent is just taking it. Returns nullopt if the
// process is neither, or if this user may not know.
std::optional<int> zombie_wait_status(int pid);

// Whether `pid` still belongs to the process that started at these ticks.
bool is_still(int pid, std::uint64_t start_ticks);

// Returns the process without its command, which only its starter or the process itself can tell. A
// zombie has a name and a parent but no executable.
std::optional<Process> read_process(int pid);

// The command line that the process shows now. This is its own memory (os/timed_read.h), of which
// only the beginning is read. Empty if it is not available.
std::vector<std::string> shown_command(int pid, std::size_t limit = std::size_t{64} << 10,
                                       ReadMemoryFile read = &read_on_loop);

// The effective user and group, and the supplementary groups.
std::optional<Identity> effective_identity(int pid);
std::optional<Identity> effective_identity(const UniqueFd& process);  // a handle on /proc/PID

}  // namespace pyfault
