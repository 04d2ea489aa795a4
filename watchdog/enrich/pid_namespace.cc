#include "watchdog/enrich/pid_namespace.h"

#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

#include "watchdog/enrich/descendants.h"
#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBytes = std::size_t{64} << 10;

std::string in_proc(int pid) {
  return fmt::format("/proc/{}", pid);
}

// The line is "NSpid:\t<ours>\t<in the next namespace>...". Returns the innermost number, or
// nullopt for a process of the watchdog's own namespace.
std::optional<int> number_within(int pid) {
  const std::string status = read_file(in_proc(pid) + "/status", kMaxBytes).value_or("");
  std::string_view numbers = value_of(status, "NSpid:");
  take_field(numbers);  // the watchdog's
  std::optional<int> innermost;
  while (const auto number = take_number<int>(numbers)) innermost = number;
  return innermost;
}

// True after unshare(). A child that clone() puts into a new namespace gets a low number there
// instead.
bool forks_into_another_namespace(int parent) {
  std::error_code unreadable;
  return fs::read_symlink(in_proc(parent) + "/ns/pid_for_children", unreadable) !=
         fs::read_symlink("/proc/self/ns/pid", unreadable);
}

}  // namespace

// All children are examined only if one of them may have such a number.
std::optional<int> find_namespaced_child(int parent, int own_pid) {
  if (own_pid > parent && !forks_into_another_namespace(parent)) return std::nullopt;
  auto reads = std::numeric_limits<std::size_t>::max();
  for (const int child : children_of(parent, reads)) {
    if (number_within(child) == own_pid) return child;
  }
  return std::nullopt;
}

bool is_in_another_pid_namespace(int pid) {
  return number_within(pid).has_value();
}

}  // namespace pyfault
