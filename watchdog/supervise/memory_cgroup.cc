#include "watchdog/supervise/memory_cgroup.h"

#include <algorithm>
#include <vector>

namespace pyfault {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool names_memory(std::string_view list) {
  const auto names = split(list, ',');
  return std::find(names.begin(), names.end(), "memory") != names.end();
}

// mountinfo escapes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  constexpr std::size_t kDigits = 3;
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, kDigits);
    if (text[i] != '\\' || digits.size() < kDigits ||
        !std::all_of(digits.begin(), digits.end(), is_octal)) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    i += kDigits;
  }
  return plain;
}

// The format is that of cgroups(7): "4:memory:/path", and for v2 "0::/path".
struct Membership {
  std::string_view controllers;
  std::string_view path;
};

std::vector<Membership> parse_memberships(std::string_view proc_pid_cgroup) {
  std::vector<Membership> memberships;
  for (const std::string_view line : split(proc_pid_cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    std::string_view path = line.substr(second + 1);
    if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
    memberships.push_back({line.substr(first + 1, second - first - 1), path});
  }
  return memberships;
}

struct Mount {
  std::string root;  // the part of the hierarchy that is visible at `point`
  std::string point;
  std::string_view type;
  std::string_view options;  // of the file system itself
};

// The format is that of proc(5): "36 35 98:0 /root /point rw,noatime [optional...] - type source
// options"
Mount parse_mount(std::string_view line) {
  constexpr std::size_t kRoot = 3, kPoint = 4, kType = 1, kOptions = 3;  // the last two after "-"
  const auto fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() <= kPoint || fields.end() - dash <= static_cast<std::ptrdiff_t>(kOptions)) {
    return {};
  }
  return {unescape(fields[kRoot]), unescape(fields[kPoint]), dash[kType], dash[kOptions]};
}

bool carries(const Mount& mount, const MemoryCgroup& cgroup) {
  if (cgroup.unified) return mount.type == "cgroup2";
  return mount.type == "cgroup" && names_memory(mount.options);
}

// Returns `path` relative to `root`; empty if it is outside.
std::string below(const std::string& root, const std::string& path) {
  if (root == "/") return path;
  if (path == root) return "/";
  return path.starts_with(root + "/") ? path.substr(root.size()) : "";
}

}  // namespace

MemoryCgroup memory_cgroup(std::string_view proc_pid_cgroup) {
  const auto memberships = parse_memberships(proc_pid_cgroup);
  const auto v1 = std::ranges::find_if(memberships, names_memory, &Membership::controllers);
  if (v1 == memberships.end()) return unified_cgroup(proc_pid_cgroup);
  return {false, std::string(v1->path)};  // a controller is in v1 or in v2, never in both
}

MemoryCgroup unified_cgroup(std::string_view proc_pid_cgroup) {
  const auto memberships = parse_memberships(proc_pid_cgroup);
  const auto v2 = std::ranges::find(memberships, "", &Membership::controllers);
  return v2 == memberships.end() ? MemoryCgroup{} : MemoryCgroup{true, std::string(v2->path)};
}

std::string folder_of(const MemoryCgroup& cgroup, std::string_view mountinfo) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    const Mount mount = parse_mount(line);
    if (!carries(mount, cgroup)) continue;
    const std::string inside = below(mount.root, cgroup.path);
    if (!inside.empty()) return mount.point + (inside == "/" ? "" : inside);
  }
  return "";
}

}  // namespace pyfault
