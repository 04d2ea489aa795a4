#include "watchdog/supervise/dying_process.h"

#include <charconv>
#include <csignal>
#include <cstdint>
#include <sstream>
#include <string_view>

#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxBytes = 16384;
constexpr std::uint64_t kExiting = 0x4;  // PF_EXITING of the kernel's task flags
constexpr std::uint64_t kKill = std::uint64_t{1} << (SIGKILL - 1);

// /proc/PID/stat: the name, which may hold anything, ends at the last parenthesis. State, ppid,
// process group, session, terminal and its foreground group stand before the flags.
std::uint64_t task_flags(const std::string& stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 0; field < 6; ++field) fields >> skipped;
  std::uint64_t flags = 0;
  fields >> flags;
  return flags;
}

// Of a line of /proc/PID/status; `key` begins with the end of the line before.
std::uint64_t signal_set(std::string_view status, std::string_view key) {
  const std::size_t at = status.find(key);
  if (at == status.npos) return 0;
  status.remove_prefix(at + key.size());
  std::uint64_t set = 0;
  std::from_chars(status.data(), status.data() + status.size(), set, 16);
  return set;
}

}  // namespace

bool is_dying(pid_t pid, const std::string& root) {
  const std::string folder = root + "/proc/" + std::to_string(pid);
  const std::string stat = read_file(folder + "/stat", kMaxBytes).value_or("");
  const std::string status = read_file(folder + "/status", kMaxBytes).value_or("");
  const std::uint64_t pending =
      signal_set(status, "\nSigPnd:\t") | signal_set(status, "\nShdPnd:\t");
  return (task_flags(stat) & kExiting) != 0 || (pending & kKill) != 0;
}

}  // namespace pyfault
