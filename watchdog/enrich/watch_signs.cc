#include "watchdog/enrich/watch_signs.h"

#include <elf.h>
#include <fmt/format.h>
#include <sys/types.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "watchdog/enrich/process_info.h"
#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxMaps = std::size_t{1} << 20;
constexpr std::size_t kMaxAuxv = 4096;
constexpr std::size_t kMaxStatus = std::size_t{64} << 10;
// 0.2 s, more than the dynamic loader and the start of a Python take.
constexpr std::uint64_t kTicksOfStart = 20;

std::string read_proc(int pid, const char* entry, std::size_t limit) {
  return read_file(fmt::format("/proc/{}/{}", pid, entry), limit).value_or("");
}

std::string_view name_in(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Reads the auxiliary vector, which the kernel passes to the dynamic loader.
void read_auxv(int pid, WatchSigns& signs) {
  const std::string bytes = read_proc(pid, "auxv", kMaxAuxv);
  for (std::size_t at = 0; at + sizeof(Elf64_auxv_t) <= bytes.size(); at += sizeof(Elf64_auxv_t)) {
    Elf64_auxv_t entry;
    std::memcpy(&entry, bytes.data() + at, sizeof entry);
    if (entry.a_type == AT_SECURE) signs.secure = entry.a_un.a_val != 0;
    if (entry.a_type == AT_BASE) signs.has_loader = entry.a_un.a_val != 0;
  }
}

// Another user's process may not be examined; this detects one that has changed its user.
bool has_changed_user(int pid) {
  const std::string status = read_proc(pid, "status", kMaxStatus);
  std::string_view uids = value_of(status, "Uid:");
  const auto real = take_number<uid_t>(uids);
  return real != take_number<uid_t>(uids);
}

// Who may not be examined is known by the name that everybody sees.
std::string_view program_name(const WatchSigns& signs) {
  return signs.executable.empty() ? std::string_view(signs.name) : name_in(signs.executable);
}

std::string other_implementation(const WatchSigns& signs) {
  constexpr std::pair<std::string_view, const char*> kNames[] = {
      {"pypy", "PyPy"}, {"graalpy", "GraalPy"}, {"micropython", "MicroPython"}};
  for (const auto& [part, name] : kNames) {
    if (program_name(signs).find(part) != std::string_view::npos) return name;
  }
  return "";
}

bool is_python(const WatchSigns& signs) {
  return signs.has_python || !other_implementation(signs).empty();
}

}  // namespace

std::optional<Unwatched> obstacle_in(const ProgramFile& file) {
  if (file.privileged) return unwatched(UnwatchedReason::kSetUserId);
  if (!file.elf) return std::nullopt;
  if (!file.native) return unwatched(UnwatchedReason::kOtherMachine);
  if (!file.dynamic) return unwatched(UnwatchedReason::kStaticallyLinked);
  if (file.musl) return unwatched(UnwatchedReason::kOtherLibc);
  return std::nullopt;
}

std::optional<WatchSigns> look_for_agent(int pid, ReadMemoryFile read) {
  const auto stat = read_process_stat(pid);
  if (!stat || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  WatchSigns signs;
  signs.has_run = stat->state == 'S' || stat->cpu_ticks >= kTicksOfStart;
  signs.executable = executable_of(pid);
  signs.name = stat->name;
  read_auxv(pid, signs);
  const std::string maps = read(fmt::format("/proc/{}/maps", pid), kMaxMaps).value_or("");
  signs.is_mapped = !maps.empty();
  if (!signs.is_mapped) signs.secure = has_changed_user(pid);
  const auto maps_hold = [&](const char* part) { return maps.find(part) != std::string::npos; };
  signs.has_agent = maps_hold("/libpyfault_agent.so");
  signs.has_ring = maps_hold("memfd:pyfault-ring");
  signs.has_python = program_name(signs).starts_with("python") || maps_hold("/libpython3");
  return signs;
}

std::optional<WatchVerdict> judge(const WatchSigns& signs) {
  if (signs.has_ring) return std::nullopt;
  if (signs.secure) return WatchVerdict{unwatched(UnwatchedReason::kSetUserId), true};
  // A program that is run by invoking the dynamic loader itself has no separate one.
  const bool is_loader = name_in(signs.executable).starts_with("ld-");
  if (!signs.has_loader && !is_loader)
    return WatchVerdict{unwatched(UnwatchedReason::kStaticallyLinked), true};
  const std::string other = other_implementation(signs);
  if (!other.empty()) {
    return WatchVerdict{unwatched(UnwatchedReason::kOtherImplementation, other), true};
  }
  if (!signs.has_run || !signs.is_mapped) return std::nullopt;
  if (!signs.has_agent) return WatchVerdict{unwatched(UnwatchedReason::kAgentNotLoaded)};
  if (signs.has_python) return WatchVerdict{unwatched(UnwatchedReason::kNotAttached)};
  return WatchVerdict{unwatched(UnwatchedReason::kNotPython)};
}

// With the agent, libpython alone proves nothing: the program may have linked it and never start
// the interpreter, and if it does, the agent says so.
std::optional<WatchVerdict> judge_one_below(const WatchSigns& signs) {
  if (!is_python(signs)) return std::nullopt;
  const auto verdict = judge(signs);
  const bool is_idle = verdict && verdict->why.reason == UnwatchedReason::kNotAttached &&
                       !program_name(signs).starts_with("python");
  return is_idle ? std::nullopt : verdict;
}

// One that has the agent may be a Python that is known as such from its hello alone.
bool is_cleared(const WatchSigns& signs) {
  return signs.has_ring || (signs.is_mapped && !signs.has_agent && !is_python(signs));
}

}  // namespace pyfault
