#include "watchdog/enrich/process_info.h"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "watchdog/crash/utf8.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxStatusBytes = std::size_t{64} << 10;

std::string proc_path(int pid, const char* entry) {
  return "/proc/" + std::to_string(pid) + "/" + entry;
}

std::string executable_of(int pid) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = readlink(proc_path(pid, "exe").c_str(), target.data(), target.size());
  return size < 0 ? std::string()
                  : replace_invalid_utf8({target.data(), static_cast<std::size_t>(size)});
}

// Each argument ends in a NUL, the last one perhaps not.
std::vector<std::string> command_of(int pid) {
  std::istringstream line(read_file(proc_path(pid, "cmdline"), kMaxCommandBytes).value_or(""));
  std::vector<std::string> command;
  for (std::string argument; std::getline(line, argument, '\0');) {
    command.push_back(replace_invalid_utf8(argument));
  }
  return command;
}

// "Uid:\t<real>\t<effective>\t<saved>\t<file system>", and "Gid:" likewise.
template <typename Id>
std::optional<Id> effective_id(std::istream& line) {
  Id real = 0;
  Id effective = 0;
  if (line >> real >> effective) return effective;
  return std::nullopt;
}

std::vector<gid_t> all_ids(std::istream& line) {
  std::vector<gid_t> ids;
  for (gid_t id = 0; line >> id;) ids.push_back(id);
  return ids;
}

}  // namespace

std::optional<ProcessStat> read_process_stat(int pid) {
  const auto text = read_file(proc_path(pid, "stat"), kMaxStatusBytes);
  if (!text) return std::nullopt;
  // pid (name) state ppid ...; the name may hold anything, parentheses too.
  const std::size_t begin = text->find('(');
  const std::size_t end = text->rfind(')');
  if (begin == std::string::npos || end == std::string::npos) return std::nullopt;

  ProcessStat stat;
  stat.name = replace_invalid_utf8(std::string_view(*text).substr(begin + 1, end - begin - 1));
  std::istringstream fields(text->substr(end + 1));
  std::string skipped;
  fields >> stat.state >> stat.ppid >> skipped >> stat.session;
  constexpr int kSessionField = 6;
  constexpr int kStartField = 22;
  for (int field = kSessionField + 1; field < kStartField; ++field) fields >> skipped;
  if (!(fields >> stat.start_ticks)) return std::nullopt;
  return stat;
}

std::optional<Process> read_process(int pid) {
  auto stat = read_process_stat(pid);
  if (!stat) return std::nullopt;
  Process process{pid, stat->ppid, std::move(stat->name), executable_of(pid), command_of(pid)};
  if (const auto identity = effective_identity(pid)) {
    process.uid = identity->uid;
    process.gid = identity->gid;
  }
  return process;
}

std::optional<Identity> effective_identity(int pid) {
  std::istringstream status(read_file(proc_path(pid, "status"), kMaxStatusBytes).value_or(""));
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::vector<gid_t> groups;
  for (std::string text; std::getline(status, text);) {
    std::istringstream line(text);
    std::string key;
    line >> key;
    if (key == "Uid:") uid = effective_id<uid_t>(line);
    if (key == "Gid:") gid = effective_id<gid_t>(line);
    if (key == "Groups:") groups = all_ids(line);
  }
  if (!uid || !gid) return std::nullopt;
  return Identity{*uid, *gid, std::move(groups)};
}

}  // namespace pyfault
