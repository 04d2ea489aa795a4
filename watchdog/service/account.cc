#include "watchdog/service/account.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <vector>

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

std::string no_such(const char* kind, const std::string& name) {
  return std::string("there is no ") + kind + " '" + name + "' on this machine";
}

bool may_become_somebody(const Identity& identity) {
  return ::geteuid() == 0 || (identity.uid == ::geteuid() && identity.gid == ::getegid());
}

}  // namespace

// The look-ups may use static memory: all of them are made by one thread.
Account find_account(const WorkerConfig& worker) {
  if (worker.user.empty() && worker.group.empty()) return {};
  Account account;
  Identity identity{::geteuid(), ::getegid(), {}};
  if (!worker.user.empty()) {
    const passwd* user = ::getpwnam(worker.user.c_str());
    if (!user) return {{}, {}, no_such("user", worker.user)};
    identity = {user->pw_uid, user->pw_gid, {}};
    account.environment = {{"HOME", user->pw_dir},
                           {"LOGNAME", user->pw_name},
                           {"SHELL", user->pw_shell},
                           {"USER", user->pw_name}};
  }
  if (!worker.group.empty()) {
    const group* group = ::getgrnam(worker.group.c_str());
    if (!group) return {{}, {}, no_such("group", worker.group)};
    identity.gid = group->gr_gid;
  }
  if (!may_become_somebody(identity)) {
    return {{}, {}, "only root can run a worker as somebody else"};
  }
  if (::geteuid() != 0) return account;
  identity.groups =
      worker.user.empty() ? std::vector<gid_t>{identity.gid} : groups_of(worker.user, identity.gid);
  account.identity = std::move(identity);
  return account;
}

}  // namespace pyfault
