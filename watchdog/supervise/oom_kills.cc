#include "watchdog/supervise/oom_kills.h"

#include <fmt/format.h>
#include <sys/inotify.h>

#include <charconv>
#include <span>
#include <string_view>
#include <utility>

#include "watchdog/os/read_file.h"
#include "watchdog/supervise/dying_process.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxMountBytes = std::size_t{1} << 20;  // a container host has many mounts

// The files with the count, best first. Those of cgroup v2 come first and support notification.
constexpr const char* kCounts[] = {"/memory.events.local", "/memory.events", "/memory.oom_control"};
constexpr auto kEvents = std::span(kCounts).first<2>();

MemoryCgroup cgroup_of(pid_t pid, const std::string& root) {
  const auto text = read_file(fmt::format("{}/proc/{}/cgroup", root, pid), kMaxMountBytes);
  return text ? memory_cgroup(*text) : MemoryCgroup{};
}

// Returns the number in the line "oom_kill NUMBER".
std::optional<std::uint64_t> count_in(std::string_view text) {
  constexpr std::string_view kKey = "oom_kill ";
  std::size_t at = 0;
  while (!text.substr(at).starts_with(kKey)) {
    at = text.find('\n', at);
    if (at++ == text.npos) return std::nullopt;
  }
  text.remove_prefix(at + kKey.size());
  std::uint64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  return parsed.ec == std::errc{} ? std::optional(count) : std::nullopt;
}

std::optional<std::uint64_t> count_of(const std::string& folder) {
  for (const char* file : kCounts) {
    const auto text = read_file(folder + file, kMaxMountBytes);
    if (const auto count = text ? count_in(*text) : std::nullopt) return count;
  }
  return std::nullopt;
}

}  // namespace

OomKills::OomKills(pid_t pid, const std::string& root) : OomKills(cgroup_of(pid, root), root) {}

OomKills::OomKills(const MemoryCgroup& cgroup, std::string root) : root_(std::move(root)) {
  const auto mounts = read_file(root_ + "/proc/self/mountinfo", kMaxMountBytes);
  if (cgroup.path.empty() || !mounts) return;
  const std::string folder = folder_of(cgroup, *mounts);
  if (folder.empty()) return;
  folder_ = root_ + folder;
  before_ = count_of(folder_);
  cgroup_ = cgroup.path;
  unified_ = cgroup.unified;
}

bool OomKills::rose(pid_t pid) const {
  if (!before_ || has_left(pid)) return false;
  const auto now = count_of(folder_);
  return now && *now > *before_;
}

UniqueFd OomKills::changes() const {
  if (!before_) return {};
  UniqueFd changes(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  for (const char* file : kEvents) {
    if (::inotify_add_watch(changes.get(), (folder_ + file).c_str(), IN_MODIFY) >= 0)
      return changes;
  }
  return {};
}

bool OomKills::settle(pid_t pid) {
  if (is_dying(pid, root_)) return true;
  if (seen_) before_ = seen_;
  seen_ = count_of(folder_);
  return seen_ && seen_ != before_;
}

void OomKills::reset_baseline() {
  if (before_) before_ = count_of(folder_);
}

// In v1 every process that has exited is shown in the root, so only v2 is checked.
bool OomKills::has_left(pid_t pid) const {
  return unified_ && cgroup_of(pid, root_).path != cgroup_;
}

}  // namespace pyfault
