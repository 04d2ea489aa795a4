#include "watchdog/service/run_as.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "watchdog/os/name_service.h"

namespace pyfault {
namespace {

std::vector<gid_t> groups_of(const std::string& user, gid_t group) {
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  while (::getgrouplist(user.c_str(), group, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

// The result of get*nam_r, with the buffer that its strings point into.
template <typename Entry>
struct Found {
  Entry entry{};
  std::vector<char> bytes;
  bool is_there = false;
};

template <typename Entry, typename Lookup>
Found<Entry> look_up(Lookup lookup, const std::string& name) {
  constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
  Found<Entry> found;
  int error = ERANGE;
  for (std::size_t size = 4096; error == ERANGE && size <= kMaxBytes; size *= 4) {
    found.bytes.resize(size);
    Entry* result = nullptr;
    error = lookup(name.c_str(), &found.entry, found.bytes.data(), size, &result);
    found.is_there = result != nullptr;
  }
  return found;
}

std::string no_such(const char* kind, const char* file, const std::string& name) {
  const std::string missing = std::string("there is no ") + kind + " '" + name + "' ";
  if (!looks_up_names_without_plugins()) return missing + "on this machine";
  return missing + "in /etc/" + file +
         "; this build of pyfault-watchdog is linked statically and sees no other directory";
}

bool may_become_somebody(const Identity& identity) {
  return ::geteuid() == 0 || (identity.uid == ::geteuid() && identity.gid == ::getegid());
}

}  // namespace

RunAs resolve_run_as(const WorkerConfig& worker) {
  if (worker.user.empty() && worker.group.empty()) return {};
  RunAs run_as;
  Identity identity{::geteuid(), ::getegid(), {}};
  if (!worker.user.empty()) {
    const auto user = look_up<passwd>(::getpwnam_r, worker.user);
    if (!user.is_there) return {{}, {}, no_such("user", "passwd", worker.user)};
    identity = {user.entry.pw_uid, user.entry.pw_gid, {}};
    run_as.environment = {{"HOME", user.entry.pw_dir},
                          {"LOGNAME", user.entry.pw_name},
                          {"SHELL", user.entry.pw_shell},
                          {"USER", user.entry.pw_name}};
  }
  if (!worker.group.empty()) {
    const auto named = look_up<group>(::getgrnam_r, worker.group);
    if (!named.is_there) return {{}, {}, no_such("group", "group", worker.group)};
    identity.gid = named.entry.gr_gid;
  }
  if (!may_become_somebody(identity)) {
    return {{}, {}, "only root can run a worker as another user"};
  }
  if (::geteuid() != 0) return run_as;
  identity.groups =
      worker.user.empty() ? std::vector<gid_t>{identity.gid} : groups_of(worker.user, identity.gid);
  run_as.identity = std::move(identity);
  return run_as;
}

}  // namespace pyfault
