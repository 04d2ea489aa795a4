#include "watchdog/supervise/dying_process.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdint>
#include <string_view>

#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxProcBytes = 16384;
constexpr std::uint64_t kExiting = 0x4;  // PF_EXITING of the kernel's task flags
constexpr std::uint64_t kKill = std::uint64_t{1} << (SIGKILL - 1);

// Parses /proc/PID/stat. The name, which may contain anything, ends at the last parenthesis. State,
// ppid, process group, session, terminal and its foreground group precede the flags.
std::uint64_t task_flags(std::string_view stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return 0;
  stat.remove_prefix(name_end + 1);
  for (int field = 0; field < 6; ++field) take_field(stat);
  return take_number<std::uint64_t>(stat).value_or(0);
}

std::uint64_t signal_set(std::string_view status, std::string_view key) {
  std::string_view set = value_of(status, key);
  return take_number<std::uint64_t>(set, 16).value_or(0);
}

}  // namespace

bool is_dying(pid_t pid, const std::string& root) {
  const std::string folder = fmt::format("{}/proc/{}", root, pid);
  const std::string stat = read_file(folder + "/stat", kMaxProcBytes).value_or("");
  const std::string status = read_file(folder + "/status", kMaxProcBytes).value_or("");
  const std::uint64_t pending = signal_set(status, "SigPnd:") | signal_set(status, "ShdPnd:");
  return (task_flags(stat) & kExiting) != 0 || (pending & kKill) != 0;
}

}  // namespace pyfault
