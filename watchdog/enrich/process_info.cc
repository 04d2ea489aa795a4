#include "watchdog/enrich/process_info.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "watchdog/crash/utf8.h"
#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxStatusBytes = std::size_t{64} << 10;

std::string proc_path(int pid, const char* entry) {
  return fmt::format("/proc/{}/{}", pid, entry);
}

// `ids` is "<real> <effective> <saved> <file system>".
template <typename Id>
std::optional<Id> effective_id(std::string_view ids) {
  take_field(ids);
  return take_number<Id>(ids);
}

std::vector<gid_t> all_ids(std::string_view line) {
  std::vector<gid_t> ids;
  while (const auto id = take_number<gid_t>(line)) ids.push_back(*id);
  return ids;
}

std::optional<Identity> identity_in(const std::string& status) {
  const auto uid = effective_id<uid_t>(value_of(status, "Uid:"));
  const auto gid = effective_id<gid_t>(value_of(status, "Gid:"));
  if (!uid || !gid) return std::nullopt;
  return Identity{*uid, *gid, all_ids(value_of(status, "Groups:"))};
}

}  // namespace

bool is_same_executable(std::string_view one, std::string_view other) {
  constexpr std::string_view kDeleted = " (deleted)";  // appended by /proc
  for (std::string_view* each : {&one, &other}) {
    if (each->ends_with(kDeleted)) each->remove_suffix(kDeleted.size());
  }
  return one == other;
}

std::string executable_of(int pid) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = readlink(proc_path(pid, "exe").c_str(), target.data(), target.size());
  return size < 0 ? std::string()
                  : replace_invalid_utf8({target.data(), static_cast<std::size_t>(size)});
}

std::optional<ProcessStat> read_process_stat(int pid) {
  const auto text = read_file(proc_path(pid, "stat"), kMaxStatusBytes);
  if (!text) return std::nullopt;
  // The format is "pid (name) state ppid ..."; the name may contain anything, including
  // parentheses.
  const std::size_t begin = text->find('(');
  const std::size_t end = text->rfind(')');
  if (begin == std::string::npos || end == std::string::npos) return std::nullopt;

  std::string_view fields = std::string_view(*text).substr(end + 1);
  const std::string_view state = take_field(fields);
  const auto ppid = take_number<int>(fields);
  take_field(fields);  // process group
  const auto session = take_number<int>(fields);
  constexpr int kSessionField = 6;
  constexpr int kUserTimeField = 14;
  constexpr int kSystemTimeField = 15;
  constexpr int kStartField = 22;
  for (int field = kSessionField + 1; field < kUserTimeField; ++field) take_field(fields);
  const auto user_ticks = take_number<std::uint64_t>(fields);
  const auto system_ticks = take_number<std::uint64_t>(fields);
  for (int field = kSystemTimeField + 1; field < kStartField; ++field) take_field(fields);
  const auto start_ticks = take_number<std::uint64_t>(fields);
  if (state.empty() || !ppid || !session || !start_ticks || !user_ticks || !system_ticks) {
    return std::nullopt;
  }

  const std::string_view name = std::string_view(*text).substr(begin + 1, end - begin - 1);
  return ProcessStat{replace_invalid_utf8(name),  state[0],    *ppid, *session,
                     *user_ticks + *system_ticks, *start_ticks};
}

std::uint64_t start_ticks(int pid) {
  const auto stat = read_process_stat(pid);
  return stat ? stat->start_ticks : 0;
}

std::optional<std::uint64_t> caught_signals(int pid) {
  constexpr int kHexadecimal = 16;
  const std::string text = read_file(proc_path(pid, "status"), kMaxStatusBytes).value_or("");
  std::string_view caught = value_of(text, "SigCgt:");
  return take_number<std::uint64_t>(caught, kHexadecimal);
}

// X is EXIT_DEAD: the parent of the zombie is just taking the status, which is still there.
std::optional<int> zombie_wait_status(int pid) {
  constexpr int kStatusField = 52;
  constexpr int kStateField = 3;
  const std::string text = read_file(proc_path(pid, "stat"), kMaxStatusBytes).value_or("");
  const std::size_t end = text.rfind(')');
  if (end == text.npos) return std::nullopt;
  std::string_view fields = std::string_view(text).substr(end + 1);
  const std::string_view state = take_field(fields);
  if (state != "Z" && state != "X") return std::nullopt;
  for (int field = kStateField + 1; field < kStatusField; ++field) take_field(fields);
  const auto status = take_number<int>(fields);
  // The kernel also says 0 to readers without permission. The same permission is needed to read
  // this link.
  std::array<char, 1> target;
  const bool may_know =
      readlink(proc_path(pid, "exe").c_str(), target.data(), target.size()) >= 0 || errno == ENOENT;
  return may_know ? status : std::nullopt;
}

bool is_still(int pid, std::uint64_t ticks) {
  const auto stat = read_process_stat(pid);
  return stat && stat->start_ticks == ticks;
}

std::optional<Process> read_process(int pid) {
  auto stat = read_process_stat(pid);
  if (!stat) return std::nullopt;
  Process process{pid, stat->ppid, std::move(stat->name), executable_of(pid), {}};
  if (const auto identity = effective_identity(pid)) {
    process.uid = identity->uid;
    process.gid = identity->gid;
  }
  return process;
}

// Each argument ends in a NUL, except perhaps the last one.
std::vector<std::string> shown_command(int pid, std::size_t limit, ReadMemoryFile read) {
  const std::string line = read(proc_path(pid, "cmdline"), limit).value_or("");
  std::vector<std::string> command;
  for (std::string_view rest = line; !rest.empty();) {
    const std::string_view argument = rest.substr(0, rest.find('\0'));
    command.push_back(replace_invalid_utf8(argument));
    rest.remove_prefix(std::min(argument.size() + 1, rest.size()));
  }
  return command;
}

std::optional<Identity> effective_identity(int pid) {
  return identity_in(read_file(proc_path(pid, "status"), kMaxStatusBytes).value_or(""));
}

std::optional<Identity> effective_identity(const UniqueFd& process) {
  const UniqueFd status(::openat(process.get(), "status", O_RDONLY | O_CLOEXEC));
  return status ? identity_in(read_up_to(status.get(), kMaxStatusBytes)) : std::nullopt;
}

}  // namespace pyfault
